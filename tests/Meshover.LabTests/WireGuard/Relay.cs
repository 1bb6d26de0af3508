using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Somebody in the middle, at an end of the wire: passes on what comes from one address to another and back, and keeps a copy of all.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _socket;
    private readonly Socket _elsewhere;
    private readonly IPEndPoint _first;
    private readonly IPEndPoint _second;
    private readonly Task _running;

    public Relay(Wire wire, int end, IPEndPoint first, IPEndPoint second)
    {
        (_first, _second) = (first, second);
        _socket = Bound(wire, end);
        _elsewhere = Bound(wire, end);
        EndPoint = new IPEndPoint(Wire.Address(end), ((IPEndPoint)_socket.LocalEndPoint!).Port);
        _running = RunAsync();
    }

    /// <summary>Where both ends are to send.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Datagrams for the second end, oldest first.</summary>
    public ConcurrentQueue<byte[]> ToSecond { get; } = new();

    /// <summary>Sends to the second end from a port that has no part in this.</summary>
    public void SendFromElsewhere(byte[] datagram) => _elsewhere.SendTo(datagram, _second);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _socket.Dispose();
        _elsewhere.Dispose();
        _stop.Dispose();
    }

    private static Socket Bound(Wire wire, int end)
    {
        var socket = wire.NewSocket(end, AddressFamily.InterNetwork, SocketType.Dgram);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return socket;
    }

    private async Task RunAsync()
    {
        var buffer = new byte[65536];
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                var datagram = buffer[..received.ReceivedBytes];
                var isFromFirst = _first.Equals(received.RemoteEndPoint);
                if (isFromFirst)
                    ToSecond.Enqueue(datagram);
                await _socket.SendToAsync(datagram, SocketFlags.None, isFromFirst ? _second : _first, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }
}
