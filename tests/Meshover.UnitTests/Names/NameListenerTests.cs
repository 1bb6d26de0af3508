using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net;
using Meshover.Names.Serving;
using Meshover.Names.Zones;
using Xunit;

namespace Meshover.UnitTests.Names;

/// <summary>By real sockets on loopback, with messages written by hand (RFC 1035, section 4).</summary>
public sealed class NameListenerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly byte[] Question = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, (byte)'n', (byte)'1', 4, (byte)'m', (byte)'e', (byte)'s', (byte)'h', 0, 0, 1, 0, 1];
    private readonly ZoneTable _zones = new(new NamedMesh(1, [new NamedHost("n1", IPAddress.Parse("10.249.0.1"), null)], []), DomainName.Parse("mesh"), "n1");
    private readonly IPEndPoint _at = FreePort();
    private readonly NameListener _listener;

    public NameListenerTests() => _listener = NameListener.TryStart(_at, () => _zones, TimeProvider.System, out var problem) ?? throw new InvalidOperationException(problem);

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Datagrams_ThatAreNoQuestions_AreNeverAnswered()
    {
        using var client = new UdpClient(AddressFamily.InterNetwork);
        client.Connect(_at);
        byte[] response = [.. Question];
        response[2] |= 0x80;
        // Signed, which the library would answer with what it cannot make fit, and turn in circles (TSIG, RFC 8945).
        byte[] signed = [.. Question, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0];
        signed[11] = 1;
        byte[] crowded = [.. Question];
        (crowded[4], crowded[5]) = (0xff, 0xff);
        foreach (var message in new[] { response, signed, crowded, [], [1, 2, 3], Question[..12], new byte[600] })
            await client.SendAsync(message);
        await client.SendAsync(Question);
        using var deadline = new CancellationTokenSource(Patience);
        var answer = (await client.ReceiveAsync(deadline.Token)).Buffer;
        Assert.Equal([10, 249, 0, 1], answer[^4..]);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, deadline.Token);
        Assert.Equal(0, client.Available);
    }

    [Fact]
    public async Task Connection_TakesSeveralQuestions_AndOneThatSaysNothingKeepsNobodyOut()
    {
        using var idle = new TcpClient();
        await idle.ConnectAsync(_at);
        using var client = new TcpClient();
        await client.ConnectAsync(_at);
        var stream = client.GetStream();
        using var deadline = new CancellationTokenSource(Patience);
        for (var question = 0; question < 3; question++)
        {
            await stream.WriteAsync(new byte[] { 0, (byte)Question.Length }.Concat(Question).ToArray(), deadline.Token);
            var header = new byte[2];
            await stream.ReadExactlyAsync(header, deadline.Token);
            var answer = new byte[(header[0] << 8) | header[1]];
            await stream.ReadExactlyAsync(answer, deadline.Token);
            Assert.Equal([10, 249, 0, 1], answer[^4..]);
        }
    }

    [Fact]
    public void PortThatIsTaken_IsAProblemThatNamesIt()
    {
        Assert.Null(NameListener.TryStart(_at, () => _zones, TimeProvider.System, out var problem));
        Assert.StartsWith($"Port {_at.Port} of 127.0.0.1 is taken by ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_BeforeItHasBegun_IsNoError()
    {
        for (var round = 0; round < 200; round++)
        {
            var at = FreePort();
            NameListener.TryStart(at, () => _zones, TimeProvider.System, out var problem)?.Dispose();
            Assert.Equal("", problem);
            using var again = new UdpClient(at); // it is free
        }
    }

    private static IPEndPoint FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
