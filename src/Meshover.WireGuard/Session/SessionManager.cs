using System.Buffers.Binary;
using System.Collections.Immutable;
using Meshover.WireGuard.Crypto.Batch;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The WireGuard protocol of one interface, without sockets, clocks or threads: datagrams and the time go in, what to do comes out through
/// <see cref="ISessionSink"/>. One thread, the control thread, calls it. <c>now</c> is monotonic, in milliseconds, above zero.
/// </summary>
internal sealed class SessionManager : IDisposable
{
    // When a key changes. The pacer would do for us, but at a peer that all others call at once it is their moments that must differ. So
    // many handshakes that are begun and as many that are answered stay below HandshakesPerSecond.
    private const int RenewalMsPerPeer = 1;
    private const int LeastRenewalMs = 1_000;

    // No more at a time than the ticks are apart: answers are taken in between.
    private const int BurstsPerSecond = 10;

    private readonly SessionOptions _options;
    private readonly SessionContext _context;
    private readonly HandshakeLoad _load;
    private readonly HandshakeRateLimiter _limiter = new();
    private readonly HandshakeRateLimiter _cookieLimiter = new();
    private readonly Dictionary<WireGuardKey, PeerSession> _byKey = [];
    private readonly List<PeerSession> _peers = []; // the same, quicker to walk at each tick

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
            new HandshakePacer(options.InitiationsPerSecond, burst: options.InitiationsPerSecond / BurstsPerSecond),
            options.Clock);
    }

    /// <summary>Finds sessions by receiver index; any thread.</summary>
    public IndexTable Indices { get; }

    /// <summary>Our public key; all zero as long as no private key is set.</summary>
    public WireGuardKey PublicKey => _context.OwnKeys.PublicKey;

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

    /// <summary>
    /// Sets or, with 32 zero bytes, removes our private key. All sessions end, for the peers know us by the former one, unless a key of
    /// ours stays: then they go on, and are agreed anew with the first key within seconds.
    /// </summary>
    /// <param name="privateKey">Handshakes are begun with it.</param>
    /// <param name="other">Handshakes are answered with it, too: the key before the next one is in use, and after; empty for none.</param>
    /// <returns>Whether sessions ended.</returns>
    public bool SetPrivateKey(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> other = default)
    {
        var former = _context.OwnKeys.Replace(privateKey, other);
        var endsSessions = !former.Any(_context.OwnKeys.All.Contains);
        foreach (var peer in _peers)
            peer.KeysChanged(peer.PeerKeys, endsSessions, RenewalSpread);
        foreach (var gone in former.Except(_context.OwnKeys.All))
            gone.Identity.Dispose();
        return endsSessions;
    }

    private int RenewalSpread => Math.Max(LeastRenewalMs, _peers.Count * RenewalMsPerPeer);

    /// <param name="publicKey">Not our own.</param>
    /// <param name="owner">The pipeline's object, found again at <see cref="PeerSession.Owner"/>.</param>
    /// <param name="indexClass">The receive worker that shall own its sessions: their indices modulo the number of classes.</param>
    public PeerSession AddPeer(WireGuardKey publicKey, object owner, int indexClass = 0)
    {
        var peer = new PeerSession(_context, [publicKey], owner, indexClass);
        _byKey[publicKey] = peer;
        _peers.Add(peer);
        return peer;
    }

    /// <summary>The peer is known by these keys from now on. Sessions go on, and are agreed anew with the first key within seconds.</summary>
    /// <param name="keys">The preferred first. None is our own. One that is another peer's is taken from it.</param>
    public void SetPeerKeys(PeerSession peer, ImmutableArray<WireGuardKey> keys)
    {
        Forget(peer);
        foreach (var key in keys)
            _byKey[key] = peer;
        peer.KeysChanged(keys, endsSessions: false, RenewalSpread);
    }

    /// <summary>Ends its sessions; its keys are zeroed as soon as no worker uses them.</summary>
    public void RemovePeer(PeerSession peer)
    {
        if (!_peers.Remove(peer))
            return;
        Forget(peer);
        peer.Dispose();
    }

    private void Forget(PeerSession peer)
    {
        foreach (var key in peer.PeerKeys.Where(key => _byKey.GetValueOrDefault(key) == peer))
            _byKey.Remove(key);
    }

    public PeerSession? FindPeer(WireGuardKey publicKey) => _byKey.GetValueOrDefault(publicKey);

    /// <summary>
    /// Whether a datagram of types 1 to 3 is worth a place in a queue: whoever sent it knows our public key, or says that it is a cookie.
    /// </summary>
    public bool IsForUs(ReadOnlySpan<byte> datagram) => MessageType.Of(datagram) switch
    {
        MessageType.CookieReply => true, // has no mac1
        MessageType.Initiation or MessageType.Response => _context.OwnKeys.FindAddressee(datagram) is not null,
        _ => false,
    };

    /// <summary>Takes a datagram of types 1 to 3.</summary>
    /// <param name="datagram">The whole UDP payload.</param>
    /// <param name="source">The sender's address (4 or 16 bytes) and port (2) in network order: cookies are bound to them.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="backlog">Initiations that wait behind this one: many make the manager ask for cookies.</param>
    public HandshakeOutcome Receive(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source, long now, int backlog = 0)
    {
        var type = MessageType.Of(datagram);
        if (type == 0)
            return HandshakeOutcome.Malformed;
        if (!IsRunning)
            return HandshakeOutcome.NotRunning;
        if (type == MessageType.CookieReply)
            return ReceiveCookie(datagram, now);
        if (_context.OwnKeys.FindAddressee(datagram) is not { } self)
            return HandshakeOutcome.WrongMac;
        return type == MessageType.Response
            ? ReceiveResponse(self.Checker, datagram, source, now, backlog)
            : Defend(self.Checker, datagram, source, now, backlog) ?? ReceiveInitiation(self.Identity, datagram, now);
    }

    /// <summary>Under load: no work for somebody whose address is not proven, and not too much for anybody. Null: go on.</summary>
    private HandshakeOutcome? Defend(CookieChecker checker, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source, long now, int backlog)
    {
        if (!_load.IsUnderLoad(now, backlog))
            return null;
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

    // What we asked for is taken also under load: there is no more of it than we have begun.
    private HandshakeOutcome ReceiveResponse(
        CookieChecker checker, ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, long now, int backlog)
    {
        if (FindEntry(message[ResponseMessage.Receiver..]) is not { TransportSession: null } entry)
            return HandshakeOutcome.UnknownIndex;
        var refusal = entry.Session.Awaits(entry) ? null : Defend(checker, message, source, now, backlog);
        return refusal ?? entry.Session.ReceiveResponse(entry, message, now);
    }

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
        _context.Pacer.CallWaiting(now);
        foreach (var peer in _peers)
            peer.Tick(now);
    }

    /// <summary>Time has leapt, as it does while a machine sleeps: zeroes at once what has expired.</summary>
    public void EndExpired(long now)
    {
        foreach (var peer in _peers)
            peer.EndExpired(now);
        _context.Reclaimer.Sweep();
    }

    /// <summary>No initiations will be sent any more: the next engine's timestamps need not be ahead of the clock.</summary>
    public void SaveLastTimestamp() => _context.Timestamps.Close();

    /// <summary>Ends all sessions and zeroes all keys. The workers have stopped.</summary>
    public void Dispose()
    {
        foreach (var peer in _peers)
            peer.Dispose();
        _context.Reclaimer.Sweep();
        _context.OwnKeys.Dispose();
    }
}
