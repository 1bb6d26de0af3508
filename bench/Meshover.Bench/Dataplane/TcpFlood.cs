using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Namespaces;

namespace Meshover.Bench.Dataplane;

/// <summary>TCP streams from one network namespace to addresses in another, as fast as they go, until this is disposed of.</summary>
internal sealed class TcpFlood : IDisposable
{
    private const int Port = 5300;
    private const int SendBytes = 128 << 10;
    private const int ReceiveBytes = 256 << 10;

    private readonly string _from;
    private readonly Socket _listener;
    private readonly List<Socket> _sockets = [];
    private long _received;

    private TcpFlood(string from, string to) => (_from, _listener) = (from, In(to, Listen));

    /// <summary>Bytes that have arrived.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>One stream to each address; the same may be there several times.</summary>
    public static async Task<TcpFlood> StartAsync(string from, string to, IEnumerable<IPAddress> targets)
    {
        var flood = new TcpFlood(from, to);
        foreach (var target in targets)
            await flood.ConnectAsync(target);
        return flood;
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        _listener.Dispose();
    }

    private async Task ConnectAsync(IPAddress target)
    {
        var sender = In(_from, NewSocket);
        _sockets.Add(sender);
        await sender.ConnectAsync(target, Port);
        var receiver = await _listener.AcceptAsync();
        _sockets.Add(receiver);
        _ = Task.Run(() => SendAsync(sender));
        _ = Task.Run(() => ReceiveAsync(receiver));
    }

    private static async Task SendAsync(Socket socket)
    {
        var data = new byte[SendBytes];
        await UntilClosedAsync(async () => await socket.SendAsync(data));
    }

    private async Task ReceiveAsync(Socket socket)
    {
        var data = new byte[ReceiveBytes];
        await UntilClosedAsync(async () =>
        {
            var count = await socket.ReceiveAsync(data);
            Interlocked.Add(ref _received, count);
            return count;
        });
    }

    private static async Task UntilClosedAsync(Func<Task<int>> transfer)
    {
        try
        {
            while (await transfer() > 0)
            {
                // The next.
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end that Dispose makes.
        }
    }

    private static Socket Listen()
    {
        var socket = NewSocket();
        socket.Bind(new IPEndPoint(IPAddress.Any, Port));
        socket.Listen(1);
        return socket;
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static Socket In(string namespaceName, Func<Socket> make) => NetworkNamespace.RunIn(NetworkNamespace.PathOf(namespaceName), make);
}
