using System.Net;
using System.Text;
using Meshover.UnitTests.WireGuard.Control;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Uapi;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.WireGuard.Uapi;

public sealed class UapiConversationTests
{
    private readonly FakeUapiTarget _target = new() { Config = Configs.With(Configs.Peer(1)) };

    [Theory]
    [InlineData("get=1\n\n", "report=1\nerrno=0\n\n")]
    [InlineData("set=1\n\n", "errno=0\n\n")]
    [InlineData("set=1\nlisten_port=4711\n\nget=1\n\n", "errno=0\n\nreport=1\nerrno=0\n\n")]
    [InlineData("\n", "errno=-95\n\n")]
    [InlineData("hello\n\n", "errno=-95\n\n")]
    [InlineData("get=2\n\n", "errno=-95\n\n")]
    [InlineData("get=1\nmore=1\n\n", "errno=-95\n\n")]
    [InlineData("set=1\nlisten_port=x\n\n", "errno=-22\n\n")]
    [InlineData("set=1\nlisten_port=5\nnonsense\n\n", "errno=-71\n\n")]
    [InlineData("set=1\nlisten_port=5\nunknown=1\n\n", "errno=-22\n\n")]
    [InlineData("set=1\nlisten_port=5\n", "")] // the client went before it had said all
    [InlineData("set=1\nlisten_port=5", "")]
    public async Task Request_GetsTheAnswerOfTheSpecification(string request, string answer) =>
        Assert.Equal(answer, await AskAsync(request));

    [Fact]
    public async Task Request_InPiecesOfOneByte_IsReadWhole()
    {
        var stream = new Dialogue("set=1\nlisten_port=4711\n\nget=1\n\n", pieceLength: 1);
        await NewConversation().ServeAsync(stream, CancellationToken.None);

        Assert.Equal("errno=0\n\nreport=1\nerrno=0\n\n", stream.Answers);
        Assert.Equal(4711, _target.Config!.ListenPort);
    }

    [Fact]
    public async Task Request_ThatHasNoEnd_IsCutOffAtTheBound() =>
        await Assert.ThrowsAsync<IOException>(() => AskAsync("set=1\n" + new string('x', UapiReader.MaxBytes)));

    [Fact]
    public async Task Set_PortInUse_SaysSo()
    {
        _target.Failure = new DataplaneException(DataplaneError.Failed, "no", new Meshover.WireGuard.Io.IoException("use a port", Libc.AddressInUse));

        Assert.Equal("errno=-98\n\n", await AskAsync("set=1\nlisten_port=1\n\n"));
    }

    [Fact]
    public async Task Set_BeforeThereIsAnInterface_SaysSo()
    {
        _target.Config = null;

        Assert.Equal("errno=-19\n\n", await AskAsync("set=1\nlisten_port=1\n\n"));
    }

    [Fact]
    public async Task Set_ReplacePeers_MakesThemAnew()
    {
        var key = Convert.ToHexStringLower(Configs.Key(1).Bytes);
        await AskAsync($"set=1\nreplace_peers=true\npublic_key={key}\nendpoint=192.0.2.7:7\n\n");

        Assert.True(_target.RenewsPeers);
        Assert.Equal([new(Configs.Key(1), IPEndPoint.Parse("192.0.2.7:7"))], _target.Endpoints);
    }

    private UapiConversation NewConversation() => new((action, _) => Task.FromResult(action(_target)), NullLogger.Instance);

    private async Task<string> AskAsync(string request)
    {
        var stream = new Dialogue(request);
        await NewConversation().ServeAsync(stream, CancellationToken.None);
        return stream.Answers;
    }
}

/// <summary>An interface that is only a configuration, and takes what the engine would take.</summary>
internal sealed class FakeUapiTarget : IUapiTarget
{
    public DataplaneConfig? Config { get; set; }
    public DataplaneException? Failure { get; set; }
    public bool RenewsPeers { get; private set; }
    public IReadOnlyDictionary<WireGuardKey, IPEndPoint> Endpoints { get; private set; } = new Dictionary<WireGuardKey, IPEndPoint>();

    public string Report() => "report=1\n";

    public void Apply(DataplaneConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint> endpoints, bool renewPeers)
    {
        if (Failure is { } failure)
            throw failure;
        if (ConfigValidator.Validate(config) is { Count: > 0 } faults)
            throw new DataplaneException(DataplaneError.Refused, string.Join("; ", faults));
        (Config, Endpoints, RenewsPeers) = (config, endpoints, renewPeers);
    }
}

/// <summary>A connection whose client has said everything already.</summary>
internal sealed class Dialogue(byte[] requests, int pieceLength) : Stream
{
    private readonly MemoryStream _requests = new(requests);
    private readonly MemoryStream _answers = new();

    public Dialogue(string requests, int pieceLength = int.MaxValue)
        : this(Encoding.UTF8.GetBytes(requests), pieceLength)
    {
    }

    public string Answers => Encoding.UTF8.GetString(_answers.ToArray());

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => _requests.Read(buffer, offset, Math.Min(count, pieceLength));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(_requests.Read(buffer.Span[..Math.Min(buffer.Length, pieceLength)]));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _answers.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Write(byte[] buffer, int offset, int count) => _answers.Write(buffer, offset, count);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
