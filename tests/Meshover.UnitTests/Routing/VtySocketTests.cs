using System.Net.Sockets;
using System.Text;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class VtySocketTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-vty-").FullName;
    private readonly FrrFiles _files;
    private readonly Socket _daemon = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public VtySocketTests()
    {
        _files = new FrrFiles(new RoutingOptions { FrrDirectory = _directory });
        Directory.CreateDirectory(_files.RuntimeDirectory);
    }

    public void Dispose()
    {
        _daemon.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Ask_SeveralCommands_GoInOneWriteAndTheLastAnswerComesBack()
    {
        var answering = AnswerAsync("\0\0\0\0", "\0\0\0\0{\"a\"", ":1}\n\0\0", "\0\0");
        Assert.Equal("{\"a\":1}\n", await AskAsync("enable", "configure terminal", "show x json"));
        Assert.Equal("enable\0configure terminal\0show x json\0", await answering);
    }

    [Fact]
    public async Task Ask_LongAnswer_ComesWhole()
    {
        var text = new string('x', 100_000);
        var answering = AnswerAsync(text, "\0\0\0\0");
        Assert.Equal(text, await AskAsync("show x json"));
        await answering;
    }

    [Fact]
    public async Task Ask_Refused_IsFrrsOwnWordWithoutACause()
    {
        var answering = AnswerAsync("% Unknown command: shw\n\0\0\0\u0002");
        var refused = await Assert.ThrowsAsync<RoutingException>(() => AskAsync("shw"));
        Assert.Equal("bgpd refused 'shw': % Unknown command: shw", refused.Message);
        Assert.Null(refused.InnerException);
        await answering;
    }

    [Fact]
    public async Task Ask_DaemonClosesTheConnection_HasACause()
    {
        var answering = AnswerAsync("half an answ");
        Assert.NotNull((await Assert.ThrowsAsync<RoutingException>(() => AskAsync("show x"))).InnerException);
        await answering;
    }

    [Fact]
    public async Task Ask_DaemonThatHangs_EndsWithThePatience()
    {
        Listen();
        var failed = await Assert.ThrowsAsync<RoutingException>(() =>
            new VtySocket(_files, TimeProvider.System).AskAsync(FrrDaemon.Bgpd, TimeSpan.FromMilliseconds(50), CancellationToken.None, "echo"));
        Assert.NotNull(failed.InnerException);
    }

    [Fact]
    public async Task Ask_NoDaemon_HasACause() => Assert.NotNull((await Assert.ThrowsAsync<RoutingException>(() => AskAsync("echo"))).InnerException);

    [Fact]
    public async Task WaitForAnswer_SocketThatDoesNotListenYet_IsWaitedFor()
    {
        _daemon.Bind(new UnixDomainSocketEndPoint(_files.VtySocket(FrrDaemon.Bgpd)));
        Assert.NotNull((await Assert.ThrowsAsync<RoutingException>(() => AskAsync("echo ready"))).InnerException);
        var waiting = new VtySocket(_files, TimeProvider.System).WaitForAnswerAsync(FrrDaemon.Bgpd, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        _daemon.Listen();
        using var connection = await _daemon.AcceptAsync();
        await connection.SendAsync("ready\0\0\0\0"u8.ToArray());
        await waiting;
    }

    [Fact]
    public async Task WaitForAnswer_SocketThatNeverListens_EndsWithThePatience()
    {
        _daemon.Bind(new UnixDomainSocketEndPoint(_files.VtySocket(FrrDaemon.Bgpd)));
        await Assert.ThrowsAsync<RoutingException>(() =>
            new VtySocket(_files, TimeProvider.System).WaitForAnswerAsync(FrrDaemon.Bgpd, TimeSpan.FromMilliseconds(50), CancellationToken.None));
    }

    private Task<string> AskAsync(params string[] commands) =>
        new VtySocket(_files, TimeProvider.System).AskAsync(FrrDaemon.Bgpd, TimeSpan.FromSeconds(30), CancellationToken.None, commands);

    private void Listen()
    {
        _daemon.Bind(new UnixDomainSocketEndPoint(_files.VtySocket(FrrDaemon.Bgpd)));
        _daemon.Listen();
    }

    /// <summary>Answers what was asked in these pieces, and gives what was asked.</summary>
    private async Task<string> AnswerAsync(params string[] pieces)
    {
        Listen();
        using var connection = await _daemon.AcceptAsync();
        var asked = new byte[1000];
        var length = await connection.ReceiveAsync(asked);
        foreach (var piece in pieces) await connection.SendAsync(Encoding.UTF8.GetBytes(piece));
        return Encoding.UTF8.GetString(asked, 0, length);
    }
}
