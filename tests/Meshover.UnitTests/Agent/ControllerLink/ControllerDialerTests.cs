using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.ControllerLink;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.ControllerLink;

/// <summary>Real sockets on the loopback; the waiting between attempts in virtual time.</summary>
public sealed class ControllerDialerTests : IDisposable
{
    private const uint NoMark = 0;
    private readonly FakeTimeProvider _time = new();
    private readonly List<IDisposable> _open = [];
    private readonly Dictionary<string, IPAddress[]> _names = [];

    public void Dispose() => _open.ForEach(each => each.Dispose());

    [Fact]
    public async Task Connect_ControllersThatAnswer_TakesTheFirst()
    {
        var (first, second) = (Answering(), Answering());
        Assert.Equal(first, await ConnectedAsync(first, second));
    }

    [Fact]
    public async Task Connect_FirstRefuses_TakesTheNextWithoutWaitingForTheOthers()
    {
        var (refusing, answering) = (Refusing(), Answering());
        var dialer = Dialer(NoMark, refusing, answering);
        await using var stream = await dialer.ConnectAsync(CancellationToken.None);
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_FirstSaysNothing_StartsTheNextBesideIt()
    {
        var (silent, answering) = (Silent(), Answering());
        var dialer = Dialer(NoMark, silent, answering);
        var connecting = dialer.ConnectAsync(CancellationToken.None).AsTask();
        Assert.False(connecting.IsCompleted);
        await using var stream = await InTimeAsync(connecting, TimeSpan.FromMilliseconds(250));
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_AfterRotate_BeginsWithTheNext()
    {
        var (first, second) = (Answering(), Answering());
        var dialer = Dialer(NoMark, first, second);
        dialer.Rotate();
        await using (await dialer.ConnectAsync(CancellationToken.None))
            Assert.Equal(second, dialer.Connected!.ToString());
        dialer.Rotate();
        await using (await dialer.ConnectAsync(CancellationToken.None))
            Assert.Equal(first, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_NoneAnswers_NamesEachOnceWithItsReason()
    {
        var refusing = Refusing();
        var error = await Assert.ThrowsAsync<IOException>(async () => await Dialer(mark: 0x6d, refusing, "nowhere.example:12913").ConnectAsync(CancellationToken.None));
        Assert.StartsWith("No controller answers: nowhere.example:12913: its name does not resolve (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"; {refusing}: ConnectionRefused.", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Message.Split(';').Length);
    }

    [Fact]
    public async Task Connect_ControllerThatSaysNothing_IsGivenUpInTime()
    {
        var silent = Silent();
        var connecting = Dialer(mark: 0x6d, silent).ConnectAsync(CancellationToken.None).AsTask();
        var error = await Assert.ThrowsAsync<IOException>(() => InTimeAsync(connecting, TimeSpan.FromSeconds(5)));
        Assert.Equal($"No controller answers: {silent}: no answer in time.", error.Message);
    }

    [Fact]
    public async Task Connect_GivenUp_EndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var connecting = Dialer(NoMark, Silent()).ConnectAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task Connect_NameOfSeveralAddresses_TriesThemAll()
    {
        var answering = Answering();
        var port = IPEndPoint.Parse(answering).Port;
        _names["ctl.example"] = [IPAddress.Parse("127.0.0.99"), IPAddress.Loopback];
        Assert.Equal($"ctl.example:{port}", await ConnectedAsync($"ctl.example:{port}"));
    }

    private ControllerDialer Dialer(uint mark, params ImmutableArray<string> controllers) => new(() => controllers, mark, _time)
    {
        Resolve = (name, _) => _names.TryGetValue(name, out var addresses) ? Task.FromResult(addresses) : throw new SocketException((int)SocketError.HostNotFound),
    };

    private async Task<string> ConnectedAsync(params ImmutableArray<string> controllers)
    {
        var dialer = Dialer(NoMark, controllers);
        await using var stream = await dialer.ConnectAsync(CancellationToken.None);
        return dialer.Connected!.ToString();
    }

    /// <summary>Lets virtual time pass in steps until it is done: what waits for it may not wait yet when a step is made.</summary>
    private async Task<T> InTimeAsync<T>(Task<T> task, TimeSpan step)
    {
        for (var i = 0; i < 1000 && !task.IsCompleted; i++)
        {
            _time.Advance(step);
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None));
        }
        Assert.True(task.IsCompleted, "not in any time");
        return await task;
    }

    private string Answering() => Listen(backlog: 16).LocalEndPoint!.ToString()!;

    /// <summary>Bound and not listening: nobody else can have the port, and connecting is refused.</summary>
    private string Refusing() => Bound().LocalEndPoint!.ToString()!;

    /// <summary>A listener whose queue is full drops every further SYN (tcp(7), tcp_abort_on_overflow off): as a machine that is off.</summary>
    private string Silent()
    {
        var endpoint = Listen(backlog: 0).LocalEndPoint!;
        for (var i = 0; i < 2; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _open.Add(filler);
            try
            {
                filler.Connect(endpoint);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
            }
        }
        return endpoint.ToString()!;
    }

    private Socket Listen(int backlog)
    {
        var socket = Bound();
        socket.Listen(backlog);
        return socket;
    }

    private Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _open.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
