using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Sends forged initiations to an engine from an end of the wire. From somebody who knows its public key, mac1 is right and all else random,
/// so that each costs the engine a cookie or a key agreement; else all is random. Counts the cookies that come back.
/// </summary>
internal sealed class HandshakeFlood : IAsyncDisposable
{
    private const int LevelUdp = 17, UdpSegment = 103;

    // The most segments of one send.
    private const int Train = 64;
    private const int Trains = 16;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly List<Socket> _sockets;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private readonly Task _receiving;
    private int _sent;
    private int _cookies;

    /// <param name="key">The engine's; null if the sender does not know it.</param>
    /// <param name="perSecond">Messages.</param>
    /// <param name="sources">Addresses of that end, from which they come in turn; none: from its first.</param>
    public HandshakeFlood(Wire wire, int end, IPEndPoint target, WireGuardKey? key, int perSecond, params IReadOnlyList<IPAddress> sources)
    {
        _sockets = [.. sources.DefaultIfEmpty(IPAddress.Any).Select(source => NewSocket(wire, end, source, target))];
        var trains = Enumerable.Range(0, Trains).Select(_ => Forge(key)).ToArray();
        _sending = Task.Run(() => SendAsync(trains, (int)(perSecond * Interval.TotalSeconds / Train)));
        _receiving = Task.WhenAll(_sockets.Select(socket => Task.Run(() => ReceiveAsync(socket))));
    }

    public int Sent => Volatile.Read(ref _sent);

    public int Cookies => Volatile.Read(ref _cookies);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_sending, _receiving);
        _sockets.ForEach(socket => socket.Dispose());
        _stop.Dispose();
    }

    private static Socket NewSocket(Wire wire, int end, IPAddress source, IPEndPoint target)
    {
        var socket = wire.NewSocket(end, target.AddressFamily, SocketType.Dgram);
        socket.Bind(new IPEndPoint(source, 0));
        socket.Connect(target);
        socket.SetRawSocketOption(LevelUdp, UdpSegment, BitConverter.GetBytes(InitiationMessage.Length));
        return socket;
    }

    private static byte[] Forge(WireGuardKey? key)
    {
        var train = RandomNumberGenerator.GetBytes(Train * InitiationMessage.Length);
        for (var i = 0; i < Train; i++)
        {
            var message = train.AsSpan(i * InitiationMessage.Length, InitiationMessage.Length);
            BitConverter.TryWriteBytes(message, MessageType.Initiation);
            if (key is { } known)
                Blake2s.Mac(CookieKeys.Mac1(known), message[..116], message[116..132]);
            message[132..].Clear();
        }
        return train;
    }

    private async Task SendAsync(byte[][] trains, int perInterval)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, TimeProvider.System);
            for (var next = 0; await timer.WaitForNextTickAsync(_stop.Token);)
            {
                for (var i = 0; i < perInterval; i++, next++)
                    await _sockets[next % _sockets.Count].SendAsync(trains[next % Trains], _stop.Token);
                Volatile.Write(ref _sent, _sent + (perInterval * Train));
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ReceiveAsync(Socket socket)
    {
        var buffer = new byte[2048];
        try
        {
            while (true)
            {
                await socket.ReceiveAsync(buffer, _stop.Token);
                if (buffer[0] == MessageType.CookieReply)
                    Interlocked.Increment(ref _cookies);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
