using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Hundreds of peers of one engine, at end 2 of a wire, that answer handshakes and no more. Number n is at 10.88.0.0 + n, port 12912, all on
/// one socket.
/// </summary>
internal sealed class PeerCrowd : IDisposable
{
    private const int Port = 12912;
    private const int LastOctetsOffset = UdpAddress.MaxLength + sizeof(int) + 2;

    private readonly Member[] _members;
    private readonly UdpSocket _socket;
    private readonly ReceiveBuffers _buffers = new();
    private readonly Epoll _epoll = new();
    private readonly Thread _thread;
    private volatile bool _stops;

    private PeerCrowd(Wire wire, int count, WireGuardKey engine)
    {
        _socket = wire.In(2, () => UdpSocket.TryOpen(isV6: false, Port, 0, OffloadKinds.None))!;
        _members = [.. Enumerable.Range(0, count).Select(_ => new Member(_socket, engine))];
        _epoll.Add(_socket.Descriptor, 1);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public static async Task<PeerCrowd> CreateAsync(Wire wire, int count, WireGuardKey engine)
    {
        await wire.IpAsync(2, "route", "add", "local", "10.88.0.0/16", "dev", "lo");
        await wire.IpAsync(1, "route", "add", "10.88.0.0/16", "via", $"{Wire.Address(2)}");
        return new PeerCrowd(wire, count, engine);
    }

    /// <summary>All of them as the engine's peers, each with a link.</summary>
    public IEnumerable<PeerConfig> AsPeers() => _members.Select((member, number) => Stranger(number) with
    {
        PublicKey = member.PublicKey,
        Endpoint = new IPEndPoint(new IPAddress([10, 88, (byte)(number >> 8), (byte)number]), Port),
    });

    /// <summary>A peer with a link that is nowhere.</summary>
    public static PeerConfig Stranger(int number) => new()
    {
        PublicKey = new WireGuardKey([.. BitConverter.GetBytes(number + 1), .. new byte[28]]),
        AllowedIps = [IPNetwork.Parse($"198.19.{number >> 8}.{number & 255}/32")],
        Link = new LinkConfig
        {
            Name = $"mo-{0x100 + number:x8}",
            Mtu = 1396,
            LocalTunnel = IPAddress.Parse(EngineHost.Tunnel(1)),
            RemoteTunnel = IPAddress.Parse($"198.19.{number >> 8}.{number & 255}"),
        },
    };

    public void Dispose()
    {
        _stops = true;
        _thread.Join();
        foreach (var member in _members)
            member.Dispose();
        _epoll.Dispose();
        _buffers.Dispose();
        _socket.Dispose();
    }

    private void Run()
    {
        while (!_stops)
        {
            if (_epoll.Wait(timeoutMs: 100).Length == 0)
                continue;
            var count = _buffers.Receive(_socket.Descriptor);
            for (var i = 0; i < count; i++)
                Take(_buffers.Read(i));
        }
    }

    private unsafe void Take(ReceivedMessage message)
    {
        var octets = message.Source + LastOctetsOffset;
        var number = (octets[0] << 8) + octets[1];
        if (number < _members.Length)
            _members[number].Receive(message);
    }

    private sealed unsafe class Member : ISessionSink, IDisposable
    {
        private readonly UdpSocket _socket;
        private readonly SessionManager _sessions;
        private byte* _source;

        public Member(UdpSocket socket, WireGuardKey engine)
        {
            _socket = socket;
            _sessions = new SessionManager(new SessionOptions
            {
                Sink = this,
                Clock = TimeProvider.System,
                TimestampStore = new NoStore(),
                Gates = [],
            });
            Span<byte> key = stackalloc byte[32];
            SystemEntropy.Instance.Fill(key);
            _sessions.SetPrivateKey(key);
            _sessions.AddPeer(engine, this);
        }

        public WireGuardKey PublicKey => _sessions.PublicKey;

        public void Receive(ReceivedMessage message)
        {
            _source = message.Source;
            Span<byte> identity = stackalloc byte[UdpAddress.MaxLength];
            var length = UdpAddress.WriteIdentity(new ReadOnlySpan<byte>(_source, UdpAddress.MaxLength), identity);
            _sessions.Receive(new ReadOnlySpan<byte>(message.Data, message.Length), identity[..length], Environment.TickCount64 + 1_000_000);
        }

        public void SendToPeer(PeerSession peer, ReadOnlySpan<byte> message) => SendToSource(message);

        public void SendToSource(ReadOnlySpan<byte> message)
        {
            fixed (byte* data = message)
                _socket.TryAnswer(_source, data, message.Length);
        }

        public void Dispose() => _sessions.Dispose();

        public void PeerSeen(PeerSession peer) { }

        public void SendKeepalive(PeerSession peer) { }

        public void SessionReady(PeerSession peer, bool mustConfirm) { }

        public void HandshakeAbandoned(PeerSession peer) { }
    }

    private sealed class NoStore : ITai64nStore
    {
        public Tai64n? Load() => null;

        public void Save(Tai64n mark) { }
    }
}
