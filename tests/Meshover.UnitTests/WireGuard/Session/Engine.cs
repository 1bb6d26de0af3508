using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>One end of a tunnel without its sockets: what it would send lies in <see cref="Outbox"/> until a test delivers it.</summary>
internal sealed class Engine : ISessionSink
{
    public static readonly byte[] Address = [192, 0, 2, 1, 0x32, 0x70];

    private readonly Dictionary<PeerSession, Engine> _others = [];

    public Engine(
        int seed, ProtocolTimes? times = null, int handshakesPerSecond = 2_000, ITai64nStore? store = null, int initiationsPerSecond = 1_000)
    {
        PrivateKey = TestKeys.Private(seed);
        Manager = new SessionManager(new SessionOptions
        {
            Sink = this,
            Clock = Clock,
            TimestampStore = store ?? new MemoryTai64nStore(),
            Gates = [Gate],
            Times = times ?? new ProtocolTimes(),
            Entropy = new SeededEntropy(seed),
            HandshakesPerSecond = handshakesPerSecond,
            InitiationsPerSecond = initiationsPerSecond,
        });
        Manager.SetPrivateKey(PrivateKey);
    }

    public byte[] PrivateKey { get; }
    public FakeTimeProvider Clock { get; } = new();
    public WorkerGate Gate { get; } = new();
    public SessionManager Manager { get; }
    public WireGuardKey PublicKey => Manager.PublicKey;
    public Queue<byte[]> Outbox { get; } = [];

    /// <summary>Whom each initiation was sent to.</summary>
    public Queue<PeerSession> Called { get; } = [];
    public List<string> Events { get; } = [];

    public int Count(string @event) => Events.Count(e => string.Equals(e, @event, StringComparison.Ordinal));

    public PeerSession AddPeer(Engine other)
    {
        var session = Peer.Create(Manager, other.PublicKey, worker: 0).Session;
        _others[session] = other;
        return session;
    }

    /// <summary>The engine that is this peer.</summary>
    public Engine Other(PeerSession session) => _others[session];

    public HandshakeOutcome Receive(byte[] datagram, long now) => Manager.Receive(datagram, Address, now);

    void ISessionSink.PeerSeen(PeerSession peer) => Events.Add("seen");

    void ISessionSink.SendToPeer(PeerSession peer, ReadOnlySpan<byte> message)
    {
        Events.Add(message[0] == MessageType.Initiation ? "initiation" : "response");
        if (message[0] == MessageType.Initiation)
            Called.Enqueue(peer);
        Outbox.Enqueue(message.ToArray());
    }

    void ISessionSink.SendToSource(ReadOnlySpan<byte> message)
    {
        Events.Add("cookie");
        Outbox.Enqueue(message.ToArray());
    }

    void ISessionSink.SendKeepalive(PeerSession peer) => Events.Add("keepalive");

    void ISessionSink.SessionReady(PeerSession peer, bool mustConfirm) => Events.Add(mustConfirm ? "ready, confirm" : "ready");

    void ISessionSink.HandshakeAbandoned(PeerSession peer) => Events.Add("abandoned");
}

/// <summary>Bytes that look random and are the same in each run.</summary>
internal sealed class SeededEntropy(int seed) : IEntropy
{
    private uint _count;

    public void Fill(Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[Blake2s.HashLength];
        for (var at = 0; at < destination.Length; at += block.Length)
        {
            Blake2s.Hash(BitConverter.GetBytes(seed), BitConverter.GetBytes(_count++), block);
            block[..Math.Min(block.Length, destination.Length - at)].CopyTo(destination[at..]);
        }
    }
}

internal sealed class MemoryTai64nStore : ITai64nStore
{
    public Tai64n? Mark { get; set; }
    public int Saves { get; private set; }

    public Tai64n? Load() => Mark;

    public void Save(Tai64n mark) => (Mark, Saves) = (mark, Saves + 1);
}

internal static class TestKeys
{
    public static byte[] Private(int seed)
    {
        var key = new byte[32];
        new SeededEntropy(seed).Fill(key);
        return key;
    }

    /// <summary>32 bytes that stand for some peer's public key.</summary>
    public static byte[] Random(int number)
    {
        var key = new byte[32];
        Blake2s.Hash("key"u8, BitConverter.GetBytes(number), key);
        return key;
    }
}
