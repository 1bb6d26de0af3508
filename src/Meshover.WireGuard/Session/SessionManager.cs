using System.Buffers.Binary;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto.Batch;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The WireGuard protocol of one interface, without sockets, clocks or threads: datagrams and the time go in, what to do comes out through
/// <see cref="ISessionSink"/>. One thread, the control thread, calls it. <c>now</c> is monotonic, in milliseconds, above zero.
/// </summary>
internal sealed class SessionManager : IDisposable
{
    private readonly SessionOptions _options;
    private readonly SessionContext _context;
    private readonly HandshakeLoad _load;
    private readonly HandshakeRateLimiter _limiter = new();
    private readonly HandshakeRateLimiter _cookieLimiter = new();
    private readonly Dictionary<WireGuardKey, PeerSession> _byKey = [];
    private readonly List<PeerSession> _peers = []; // the same, quicker to walk at each tick
    private CookieChecker? _checker;

    public SessionManager(SessionOptions options)
    {
        _options = options;
        BatchChoice.Make(); // takes some milliseconds: now, and not at the first packet
        _load = new HandshakeLoad(options.HandshakesPerSecond);
        Indices = new IndexTable(options.Entropy, options.IndexClasses);
        _context = new SessionContext(
            options.Sink,
            options.Times,
            options.Entropy,
            Indices,
            new KeyReclaimer(options.Gates),
            new Tai64nClock(options.Clock, options.TimestampStore),
            options.Clock);
    }

    /// <summary>Finds keypairs by receiver index; any thread.</summary>
    public IndexTable Indices { get; }

    /// <summary>Our public key; all zero as long as no private key is set.</summary>
    public WireGuardKey PublicKey => _context.Self?.PublicKey ?? default;

    /// <summary>
    /// False: the interface is down, as in Linux: no sessions, no timers, and nobody is answered. Default true.
    /// </summary>
    public bool IsRunning
    {
        get => _context.IsRunning;
        set
        {
            if (_context.IsRunning && !value)
                _peers.ForEach(peer => peer.Stop());
            _context.IsRunning = value;
        }
    }

    /// <summary>Sets or, with 32 zero bytes, removes our private key. All sessions end: the peers know us by the old one.</summary>
    public void SetPrivateKey(ReadOnlySpan<byte> privateKey)
    {
        var former = _context.Self;
        var self = privateKey.ContainsAnyExcept((byte)0) ? new LocalIdentity(privateKey) : null;
        _context.Self = self;
        _checker = self is null ? null : new CookieChecker(self.PublicKey, _options.Entropy, _options.Times.CookieRefreshTime);
        foreach (var peer in _peers)
            peer.IdentityChanged();
        former?.Dispose();
    }

    /// <param name="publicKey">Not our own.</param>
    /// <param name="owner">The pipeline's object, found again at <see cref="PeerSession.Owner"/>.</param>
    /// <param name="indexClass">The receive worker that shall own its keypairs: their indices modulo the number of classes.</param>
    /// <exception cref="ArgumentException">There is a peer with this key.</exception>
    public PeerSession AddPeer(WireGuardKey publicKey, object owner, int indexClass = 0)
    {
        var peer = new PeerSession(_context, publicKey, owner, indexClass);
        _byKey.Add(publicKey, peer);
        _peers.Add(peer);
        return peer;
    }

    /// <summary>Ends its sessions; its keys are zeroed as soon as no worker uses them.</summary>
    public void RemovePeer(PeerSession peer)
    {
        if (!_byKey.Remove(peer.PublicKey))
            return;
        _peers.Remove(peer);
        peer.Dispose();
    }

    public PeerSession? FindPeer(WireGuardKey publicKey) => _byKey.GetValueOrDefault(publicKey);

    /// <summary>Takes a datagram of types 1 to 3.</summary>
    /// <param name="datagram">The whole UDP payload.</param>
    /// <param name="source">The sender's address (4 or 16 bytes) and port (2) in network order: cookies are bound to them.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="backlog">Handshake datagrams that wait behind this one: many make the manager ask for cookies.</param>
    public HandshakeOutcome Receive(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source, long now, int backlog = 0)
    {
        var type = MessageType.Of(datagram);
        if (type == 0)
            return HandshakeOutcome.Malformed;
        if (!IsRunning)
            return HandshakeOutcome.NotRunning;
        if (type == MessageType.CookieReply)
            return ReceiveCookie(datagram, now);
        if (_context.Self is not { } self || _checker is not { } checker || !checker.HasValidMac1(datagram))
            return HandshakeOutcome.WrongMac;
        if (_load.IsUnderLoad(now, backlog) && Defend(checker, datagram, source, now) is { } refusal)
            return refusal;
        return type == MessageType.Initiation ? ReceiveInitiation(self, datagram, now) : ReceiveResponse(datagram, now);
    }

    /// <summary>Under load: no work for somebody whose address is not proven, and not too much for anybody. Null: go on.</summary>
    private HandshakeOutcome? Defend(CookieChecker checker, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source, long now)
    {
        if (checker.HasValidMac2(datagram, source, now))
            return _limiter.TryTake(source, now) ? null : HandshakeOutcome.RateLimited;
        // A flood from one address needs no cookie for each of its messages. From many addresses everybody goes on getting his.
        if (!_cookieLimiter.TryTake(source, now, whenFull: true))
            return HandshakeOutcome.RateLimited;
        Span<byte> reply = stackalloc byte[CookieReplyMessage.Length];
        checker.CreateReply(datagram, source, now, reply);
        _options.Sink.SendToSource(reply);
        return HandshakeOutcome.CookieSent;
    }

    private HandshakeOutcome ReceiveInitiation(LocalIdentity self, ReadOnlySpan<byte> message, long now)
    {
        using var handshake = ResponderHandshake.TryRead(self, message);
        if (handshake is null)
            return HandshakeOutcome.NotAuthentic;
        return _byKey.TryGetValue(handshake.Initiator, out var peer)
            ? peer.ReceiveInitiation(handshake, message, now)
            : HandshakeOutcome.UnknownPeer;
    }

    private HandshakeOutcome ReceiveResponse(ReadOnlySpan<byte> message, long now) =>
        FindEntry(message[ResponseMessage.Receiver..]) is { } entry
            ? entry.Session.ReceiveResponse(entry, message, now)
            : HandshakeOutcome.UnknownIndex;

    private HandshakeOutcome ReceiveCookie(ReadOnlySpan<byte> message, long now) =>
        FindEntry(message[CookieReplyMessage.Receiver..]) is { } entry
            ? entry.Session.ReceiveCookie(message, now)
            : HandshakeOutcome.UnknownIndex;

    private IndexEntry? FindEntry(ReadOnlySpan<byte> index) => Indices.Find(BinaryPrimitives.ReadUInt32LittleEndian(index));

    /// <summary>Runs every peer's timers; each 100-250 ms.</summary>
    public void Tick(long now)
    {
        if (IsRunning)
            TickPeers(now);
        _context.Reclaimer.Sweep();
        _limiter.Sweep(now);
        _cookieLimiter.Sweep(now);
    }

    private void TickPeers(long now)
    {
        foreach (var peer in _peers)
            peer.Tick(now);
    }

    /// <summary>Ends all sessions and zeroes all keys. The workers have stopped.</summary>
    public void Dispose()
    {
        foreach (var peer in _peers)
            peer.Dispose();
        _context.Reclaimer.Sweep();
        _context.Self?.Dispose();
    }
}
