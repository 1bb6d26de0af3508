using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Meshover.Agent.ControllerLink;
using Meshover.Mesh.Findings;
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
        await using var stream = await dialer.ConnectAsync(Plain, CancellationToken.None);
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_FirstSaysNothing_StartsTheNextBesideIt()
    {
        var (silent, answering) = (Silent(), Answering());
        var dialer = Dialer(NoMark, silent, answering);
        var connecting = dialer.ConnectAsync(Plain, CancellationToken.None).AsTask();
        Assert.False(connecting.IsCompleted);
        await using var stream = await InTimeAsync(connecting, TimeSpan.FromMilliseconds(250));
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_AfterRotate_BeginsWithTheNext()
    {
        var (first, second) = (Answering(), Answering());
        var dialer = Dialer(NoMark, first, second);
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None))
            Assert.Equal(first, dialer.Connected!.ToString());
        dialer.Rotate();
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None))
            Assert.Equal(second, dialer.Connected!.ToString());
        dialer.Rotate();
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None))
            Assert.Equal(first, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_NoneAnswers_NamesEachOnceWithItsReason()
    {
        var refusing = Refusing();
        var error = await Assert.ThrowsAsync<NoControllerException>(async () => await Dialer(mark: 0x6d, refusing, "nowhere.example:12913").ConnectAsync(Plain, CancellationToken.None));
        Assert.StartsWith("No controller answers: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere.example:12913: its name does not resolve (", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{refusing}: ConnectionRefused", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Message.Split(';').Length);
    }

    [Fact]
    public async Task Connect_ControllerThatSaysNothing_IsGivenUpInTime()
    {
        var silent = Silent();
        var connecting = Dialer(mark: 0x6d, silent).ConnectAsync(Plain, CancellationToken.None).AsTask();
        var error = await Assert.ThrowsAsync<NoControllerException>(() => InTimeAsync(connecting, TimeSpan.FromSeconds(5)));
        Assert.Equal($"No controller answers: {silent}: no answer in time.", error.Message);
        Assert.Same(FindingKinds.ControllerUnreachable, error.Kind);
    }

    [Fact]
    public async Task Connect_GivenUp_EndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var connecting = Dialer(NoMark, Silent()).ConnectAsync(Plain, stop.Token).AsTask();
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

    [Fact]
    public async Task Connect_NameServersAreDead_DoesNotWaitForThem()
    {
        var answering = Answering();
        var dialer = Hanging("dead.example:12913", answering);
        await using var stream = await dialer.ConnectAsync(Plain, CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_NameServersAreDead_SaysSoInTime()
    {
        var error = await Assert.ThrowsAsync<NoControllerException>(() =>
            InTimeAsync(Hanging("dead.example:12913").ConnectAsync(Plain, CancellationToken.None).AsTask(), TimeSpan.FromSeconds(1)));
        Assert.Equal("No controller answers: dead.example:12913: its name does not resolve (no answer in time).", error.Message);
        Assert.Same(FindingKinds.ControllerName, error.Kind);
    }

    [Fact]
    public async Task Connect_LookUpThatOutlastsAnAttempt_IsThereForTheNext()
    {
        var answer = new TaskCompletionSource<IPAddress[]>();
        var asked = 0;
        var port = IPEndPoint.Parse(Answering()).Port;
        var dialer = new ControllerDialer(() => [$"slow.example:{port}"], NoMark, _time)
        {
            Resolve = (_, _) => Interlocked.Increment(ref asked) > 1 ? throw new SocketException((int)SocketError.TryAgain) : answer.Task,
        };
        await Assert.ThrowsAsync<NoControllerException>(() => InTimeAsync(dialer.ConnectAsync(Plain, CancellationToken.None).AsTask(), TimeSpan.FromSeconds(1)));
        answer.SetResult([IPAddress.Loopback]);
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None).AsTask().WaitAsync(Patience))
            Assert.Equal($"slow.example:{port}", dialer.Connected!.ToString());
        // And the name servers have died since.
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None).AsTask().WaitAsync(Patience))
            Assert.Equal($"slow.example:{port}", dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_FirstTakesConnectionsAndSaysNothing_TakesTheNextBesideIt()
    {
        var (mute, answering) = (Answering(), Answering());
        var dialer = Dialer(NoMark, mute, answering);
        var connecting = dialer.ConnectAsync((connection, cancel) => IsTo(connection, mute) ? Never(cancel) : Plain(connection, cancel), CancellationToken.None).AsTask();
        await using var stream = await InTimeAsync(connecting, TimeSpan.FromMilliseconds(250));
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_OneAddressOfTheNameIsOfNoController_TakesTheNext()
    {
        var (strange, answering) = (Answering(), Answering());
        var dialer = Dialer(NoMark, strange, answering);
        await using var stream = await dialer.ConnectAsync(Distrusting(strange), CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.Equal(answering, dialer.Connected!.ToString());
    }

    [Fact]
    public async Task Connect_AllAreOfNoController_IsARefusal_ButNotWhereOneOnlyDoesNotAnswer()
    {
        var strange = Answering();
        var refusal = await Assert.ThrowsAsync<AuthenticationException>(async () =>
            await Dialer(mark: 0x6d, strange).ConnectAsync(Distrusting(strange), CancellationToken.None));
        Assert.Equal("It is another mesh's.", refusal.Message);
        var both = await Assert.ThrowsAsync<NoControllerException>(async () =>
            await Dialer(mark: 0x6d, strange, Refusing()).ConnectAsync(Distrusting(strange), CancellationToken.None));
        Assert.Contains("It is another mesh's; ", both.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_AfterKeep_BeginsWithWhatWorkedLast()
    {
        var (first, second) = (Refusing(), Answering());
        List<string> controllers = [first, second];
        var dialer = new ControllerDialer(() => [.. controllers], NoMark, _time);
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None))
            dialer.Keep();
        controllers.Insert(0, Answering());
        await using (await dialer.ConnectAsync(Plain, CancellationToken.None))
            Assert.Equal(second, dialer.Connected!.ToString());
    }

    private static TimeSpan Patience => TimeSpan.FromSeconds(20);

    private static Task<Stream> Plain(Stream connection, CancellationToken cancellationToken) => Task.FromResult(connection);

    private static SecureConnection Distrusting(string strange) => (connection, cancel) =>
        IsTo(connection, strange) ? throw new AuthenticationException("It is another mesh's.") : Plain(connection, cancel);

    private static bool IsTo(Stream connection, string end) => ((NetworkStream)connection).Socket.RemoteEndPoint!.ToString() == end;

    private static async Task<Stream> Never(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        throw new InvalidOperationException("It waits for ever.");
    }

    private ControllerDialer Hanging(params ImmutableArray<string> controllers) => new(() => controllers, NoMark, _time)
    {
        Resolve = (_, _) => new TaskCompletionSource<IPAddress[]>().Task,
    };

    private ControllerDialer Dialer(uint mark, params ImmutableArray<string> controllers) => new(() => controllers, mark, _time)
    {
        Resolve = (name, _) => _names.TryGetValue(name, out var addresses) ? Task.FromResult(addresses) : throw new SocketException((int)SocketError.HostNotFound),
    };

    private async Task<string> ConnectedAsync(params ImmutableArray<string> controllers)
    {
        var dialer = Dialer(NoMark, controllers);
        await using var stream = await dialer.ConnectAsync(Plain, CancellationToken.None);
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
