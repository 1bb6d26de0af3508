using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.LabTests.WireGuard.Hostile;

/// <summary>
/// A WireGuard peer of the test's own: it has the keys of a session, so it may put anything into an authentic packet. To the engine it is
/// number <see cref="End"/> of a <see cref="Wire"/>.
/// </summary>
internal sealed class RawPeer : IDisposable
{
    public const int End = 2;

    private const uint OwnIndex = 0x1234_5678;
    private const int LevelUdp = 17, UdpSegment = 103;
    private const int LevelSocket = 1, ReceiveBufferForce = 33;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly LocalIdentity _self = new(RandomNumberGenerator.GetBytes(32));
    private readonly Socket _socket;
    private readonly byte[] _received = new byte[2048];
    private TransportCipher? _sealing;
    private TransportCipher? _opening;

    public RawPeer(Wire wire)
    {
        _socket = wire.NewSocket(End, AddressFamily.InterNetwork, SocketType.Dgram);
        _socket.SetRawSocketOption(LevelSocket, ReceiveBufferForce, BitConverter.GetBytes(8 << 20));
        _socket.Connect(Wire.Address(1), 12912);
    }

    /// <summary>The engine's index of the session.</summary>
    public uint Index { get; private set; }

    /// <summary>The counter of the next packet.</summary>
    public ulong Counter { get; set; }

    /// <summary>Bytes of all pings' datagrams.</summary>
    public long PingBytes { get; private set; }

    /// <summary>This peer in the engine's configuration, with a link.</summary>
    public PeerConfig Config => new()
    {
        PublicKey = _self.PublicKey,
        AllowedIps = [IPNetwork.Parse($"{EngineHost.Tunnel(End)}/32"), IPNetwork.Parse($"fd18::{End}/128")],
        Link = new LinkConfig
        {
            Name = $"mo-{End:x8}",
            Mtu = 1396,
            LocalTunnel = IPAddress.Parse(EngineHost.Tunnel(1)),
            RemoteTunnel = IPAddress.Parse(EngineHost.Tunnel(End)),
        },
    };

    /// <summary>Begins a session with the engine.</summary>
    public async Task ConnectAsync(WireGuardKey engine)
    {
        using var nothing = new SecretKey(new byte[SecretKey.Length]);
        using var remote = new RemoteIdentity(_self, engine, nothing);
        var initiation = new byte[InitiationMessage.Length];
        var now = TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch;
        using var handshake =
            InitiatorHandshake.Create(_self, remote, OwnIndex, Tai64n.FromUnix(now), SystemEntropy.Instance, initiation)!;
        new CookieGenerator(engine, cookieLifetime: 1).AddMacs(initiation, now: 1);
        Send(initiation);
        var response = await ReceiveAsync();
        Assert.Equal(ResponseMessage.Length, response.Length);
        Assert.True(handshake.TryConsumeResponse(_self, remote, response.Span, out var keys));
        Index = BinaryPrimitives.ReadUInt32LittleEndian(response.Span[ResponseMessage.Sender..]);
        _sealing = TransportCipher.ForSealing(keys.Send);
        _opening = TransportCipher.ForOpening(keys.Receive);
        keys.Dispose();
    }

    /// <summary>Seals what stands between the header and the tag of a datagram, and writes both.</summary>
    public unsafe void Seal(Span<byte> datagram, ulong counter)
    {
        TransportMessage.WriteHeader(datagram, Index, counter);
        fixed (byte* packet = datagram[TransportMessage.HeaderLength..])
            _sealing!.Seal(packet, packet, datagram.Length - TransportMessage.Overhead, counter);
    }

    public void Send(ReadOnlySpan<byte> datagram)
    {
        SetSegment(0);
        _socket.Send(datagram);
    }

    /// <summary>Sends datagrams of one size, the last of which may be shorter, as one: so they come to the engine, too.</summary>
    public void SendTrain(ReadOnlySpan<byte> train, int size)
    {
        SetSegment(size);
        _socket.Send(train);
    }

    /// <summary>
    /// Pings the engine's end, through the link or by the main device, and waits for the answer: what was sent before has been handled.
    /// </summary>
    public async Task PingAsync(bool link)
    {
        var echo = Echo.Request(link, Counter);
        var datagram = new byte[TransportMessage.Overhead + echo.Length];
        echo.CopyTo(datagram, TransportMessage.HeaderLength);
        Seal(datagram, Counter++);
        Send(datagram);
        PingBytes += datagram.Length;
        while (!Echo.IsReply(Open(await ReceiveAsync()), echo))
        {
            // Keepalives, and what the engine's kernel has to say about rubbish.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _sealing?.Dispose();
        _opening?.Dispose();
        _self.Dispose();
    }

    private void SetSegment(int size)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(value, size);
        _socket.SetRawSocketOption(LevelUdp, UdpSegment, value);
    }

    private async Task<Memory<byte>> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        return _received.AsMemory(0, await _socket.ReceiveAsync(_received, deadline.Token));
    }

    private unsafe ReadOnlySpan<byte> Open(Memory<byte> datagram)
    {
        if (!TransportMessage.TryReadHeader(datagram.Span, out _, out var counter))
            return default;
        var packet = datagram.Span[TransportMessage.HeaderLength..];
        var length = packet.Length - TransportMessage.TagLength;
        fixed (byte* start = packet)
            Assert.True(_opening!.Open(start, start, length, counter), "what the engine sent is not authentic");
        return packet[..length];
    }

    private static class Echo
    {
        private const int Gre = GreHeader.Length;

        public static unsafe byte[] Request(bool link, ulong number)
        {
            byte[] echo = [8, 0, 0, 0, .. BitConverter.GetBytes(number)];
            BinaryPrimitives.WriteUInt16BigEndian(echo.AsSpan(2), (ushort)~TestPackets.Ones(echo));
            var (from, to) = link ? ("10.99.0.2", "10.99.0.1") : (EngineHost.Tunnel(End), EngineHost.Tunnel(1));
            var packet = Ip(from, to, echo);
            if (!link)
                return packet;
            using var header = new GreHeader(IPAddress.Parse(EngineHost.Tunnel(End)), IPAddress.Parse(EngineHost.Tunnel(1)));
            byte[] wrapped = [.. new byte[Gre], .. packet];
            fixed (byte* start = wrapped)
                header.Write(start, packet.Length);
            return wrapped;
        }

        public static bool IsReply(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> request)
        {
            var echo = request.Length == 20 + 12 ? 20 : Gre + 20;
            return packet.Length >= echo + 12 && packet[echo] == 0 && packet.Slice(echo + 4, 8).SequenceEqual(request[(echo + 4)..]);
        }

        private static byte[] Ip(string from, string to, byte[] payload)
        {
            byte[] header = [0x45, 0, 0, (byte)(20 + payload.Length), 0, 0, 0x40, 0, 64, 1, 0, 0,
                .. IPAddress.Parse(from).GetAddressBytes(), .. IPAddress.Parse(to).GetAddressBytes()];
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), (ushort)~TestPackets.Ones(header));
            return [.. header, .. payload];
        }
    }
}
