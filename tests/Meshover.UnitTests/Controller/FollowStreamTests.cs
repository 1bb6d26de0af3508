using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class FollowStreamTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private readonly FakeStore _store = new();
    private readonly Frames _frames = new();
    private readonly CancellationTokenSource _stop = new();

    public async ValueTask DisposeAsync()
    {
        _stop.Dispose();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Renewal_WhileTheDiskIsFull_IsMadeAllTheSame()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var node = await EnrolAsync(directory);
        using var signer = new TokenSigner(CertificateAuthority.Create(_time.GetUtcNow()));
        using var maps = new MapBroadcaster(directory, _time);
        _store.BeforeCommit = () => throw new StoreException("write to", "fake", "the disk is full.");
        var issuer = new CredentialIssuer(directory, signer, ConfigReader.Read(new ControllerConfig()), _time);
        var stream = new FollowStream(
            new NodeSession(node, "A", "0.1.0", null), new LiveNodes(_time), maps, issuer, new MemberUpdates(directory), _time, new Silent(), _frames);

        var running = stream.RunAsync(new MapCursor("", 0), credentialExpires: _time.GetUtcNow(), _stop.Token);

        var started = TimeProvider.System.GetTimestamp();
        while (_frames.Credentials == 0 && !running.IsCompleted && TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
        Assert.Equal((1, false), (_frames.Credentials, running.IsCompleted));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
    }

    private static async Task<uint> EnrolAsync(MeshDirectory directory)
    {
        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await directory.ChangeAsync(draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        var request = new EnrolmentRequest { Identity = "a", HostName = "a", WireGuardKey = TestMesh.KeyOf("a"), Token = TestMesh.Token() };
        return (await directory.ChangeAsync(draft => Enrolment.Enrol(draft, request, TestMesh.Now, TestMesh.Skew).Id, CancellationToken.None)).Value;
    }

    /// <summary>A node that says nothing.</summary>
    private sealed class Silent : IAsyncStreamReader<NodeMessage>
    {
        public NodeMessage Current => throw new InvalidOperationException("It has said nothing.");

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return false;
        }
    }

    /// <summary>Counts the credentials that are sent.</summary>
    private sealed class Frames : IServerStreamWriter<ControllerFrame>
    {
        private int _credentials;

        public WriteOptions? WriteOptions { get; set; }

        public int Credentials => Volatile.Read(ref _credentials);

        public Task WriteAsync(ControllerFrame message)
        {
            if (ControllerMessage.Parser.ParseFrom(message.Bytes).Credential is not null)
                Interlocked.Increment(ref _credentials);
            return Task.CompletedTask;
        }

        public Task WriteAsync(ControllerFrame message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
