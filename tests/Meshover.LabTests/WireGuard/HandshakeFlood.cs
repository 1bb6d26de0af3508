using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Noise;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Sends forged initiations to an engine from an end of the wire, as somebody can who knows its public key: mac1 is right, all else is
/// random, so that each costs the engine a cookie or a key agreement. Counts the cookies that come back.
/// </summary>
internal sealed class HandshakeFlood : IAsyncDisposable
{
    private const int LevelUdp = 17, UdpSegment = 103;

    // The most segments of one send.
    private const int Train = 64;
    private const int Trains = 16;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private readonly Task _receiving;
    private int _sent;
    private int _cookies;

    /// <param name="perSecond">Messages.</param>
    public HandshakeFlood(Wire wire, int end, IPEndPoint target, WireGuardKey key, int perSecond)
    {
        _socket = wire.NewSocket(end, target.AddressFamily, SocketType.Dgram);
        _socket.Connect(target);
        _socket.SetRawSocketOption(LevelUdp, UdpSegment, BitConverter.GetBytes(InitiationMessage.Length));
        var trains = Enumerable.Range(0, Trains).Select(_ => Forge(key)).ToArray();
        _sending = Task.Run(() => SendAsync(trains, (int)(perSecond * Interval.TotalSeconds / Train)));
        _receiving = Task.Run(ReceiveAsync);
    }

    public int Sent => Volatile.Read(ref _sent);

    public int Cookies => Volatile.Read(ref _cookies);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_sending, _receiving);
        _socket.Dispose();
        _stop.Dispose();
    }

    private static byte[] Forge(WireGuardKey key)
    {
        var train = RandomNumberGenerator.GetBytes(Train * InitiationMessage.Length);
        for (var i = 0; i < Train; i++)
        {
            var message = train.AsSpan(i * InitiationMessage.Length, InitiationMessage.Length);
            BitConverter.TryWriteBytes(message, MessageType.Initiation);
            Blake2s.Mac(CookieKeys.Mac1(key), message[..116], message[116..132]);
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
                for (var i = 0; i < perInterval; i++)
                    await _socket.SendAsync(trains[next++ % Trains], _stop.Token);
                Volatile.Write(ref _sent, _sent + (perInterval * Train));
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[2048];
        try
        {
            while (true)
            {
                await _socket.ReceiveAsync(buffer, _stop.Token);
                if (buffer[0] == MessageType.CookieReply)
                    Volatile.Write(ref _cookies, _cookies + 1);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
