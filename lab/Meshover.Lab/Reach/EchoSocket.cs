using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>One raw ICMP socket inside a machine, for any number of echoes at once. No process is started for a ping.</summary>
public sealed class EchoSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly AddressFamily _family;
    private readonly ushort _identifier = (ushort)RandomNumberGenerator.GetInt32(1 << 16);
    private readonly ConcurrentDictionary<ushort, Waiting> _waiting = new();
    private readonly TimeProvider _time;
    private int _sequence;

    private EchoSocket(Socket socket, TimeProvider time)
    {
        (_socket, _family, _time) = (socket, socket.AddressFamily, time);
        _ = Task.Run(ReceiveAsync);
    }

    public static EchoSocket Open(Machine machine, AddressFamily family, TimeProvider time)
    {
        var socket = machine.InNetwork(() => new Socket(family, SocketType.Raw, family == AddressFamily.InterNetwork ? ProtocolType.Icmp : ProtocolType.IcmpV6));
        // .NET refuses to receive before a socket has an address.
        socket.Bind(Anyone(family));
        return new EchoSocket(socket, time);
    }

    /// <summary>The round trip, or null where no answer came in time or the packet could not be sent (no route, for one).</summary>
    public async Task<TimeSpan?> EchoAsync(IPAddress target, TimeSpan timeout, CancellationToken ct)
    {
        var sequence = (ushort)Interlocked.Increment(ref _sequence);
        var waiting = new Waiting(_time.GetTimestamp());
        _waiting[sequence] = waiting;
        try
        {
            await _socket.SendToAsync(IcmpEcho.Request(_family, _identifier, sequence), SocketFlags.None, new IPEndPoint(target, 0), ct);
            return await waiting.Answer.Task.WaitAsync(timeout, _time, ct);
        }
        catch (SocketException)
        {
            return null;
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _waiting.TryRemove(sequence, out _);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveAsync()
    {
        var buffer = new byte[2048];
        var anyone = Anyone(_family);
        while (true)
        {
            int length;
            try
            {
                length = (await _socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone)).ReceivedBytes;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.OperationAborted)
            {
                return;
            }
            catch (SocketException)
            {
                // An ICMP error of a destination, reported on the socket: its echo will time out by itself.
                continue;
            }
            if (IcmpEcho.TryReadReply(_family, buffer.AsSpan(0, length), out var identifier, out var sequence) && identifier == _identifier
                && _waiting.TryGetValue(sequence, out var waiting))
                waiting.Answer.TrySetResult(_time.GetElapsedTime(waiting.SentAt));
        }
    }

    private static IPEndPoint Anyone(AddressFamily family) => new(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);

    private sealed record Waiting(long SentAt)
    {
        public TaskCompletionSource<TimeSpan> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
