using System.Buffers.Binary;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// One peer's side of the protocol: its keys, its handshake in progress and its timers. The control thread owns it; the members
/// under "data path" are for the workers.
/// </summary>
internal sealed class PeerSession : IDisposable
{
    private const long CookieLatency = 5_000; // a cookie is not used in its last moments: it must still be good when it arrives

    private readonly SessionContext _context;
    private readonly int _indexClass;
    private readonly PeerTimers _timers;
    private readonly KeypairSlots _slots;
    private readonly CookieGenerator _cookies;
    private SecretKey _presharedKey = new(new byte[SecretKey.Length]);
    private RemoteIdentity? _remote;
    private InitiatorHandshake? _pending;
    private IndexEntry? _pendingEntry;
    private Tai64n _lastTimestampSent;
    private Tai64n _newestTimestamp;
    private long _lastInitiation = long.MinValue / 2;

    public PeerSession(SessionContext context, WireGuardKey publicKey, object owner, int indexClass)
    {
        _context = context;
        _indexClass = indexClass;
        PublicKey = publicKey;
        Owner = owner;
        _timers = new PeerTimers(context.Times, context.Entropy);
        _slots = new KeypairSlots(context.Indices, context.Reclaimer);
        _cookies = new CookieGenerator(publicKey, context.Times.CookieRefreshTime - CookieLatency);
        IdentityChanged();
    }

    public WireGuardKey PublicKey { get; }

    /// <summary>The pipeline's own object for this peer, given to <see cref="SessionManager.AddPeer"/>.</summary>
    public object Owner { get; }

    // Data path

    /// <summary>The keypair to send with, or null; also ask <see cref="Keypair.IsExpired"/>. Any thread, inside its gate.</summary>
    public Keypair? SendKeypair => _slots.Current;

    /// <summary>Written by the peer's send worker, once per batch.</summary>
    public TrafficStamps Sent => _timers.Sent;

    /// <summary>Written by the receive worker, once per batch, for packets whose tag was right.</summary>
    public TrafficStamps Received => _timers.Received;

    /// <summary>When a handshake was last completed, in milliseconds of the engine's clock; -1 = never. Any thread.</summary>
    public long LastHandshake => _timers.LastHandshake;

    /// <summary>When anything authentic was last received, handshakes included; -1 = never. Any thread.</summary>
    public long LastReceived => _timers.LastReceived is var at and not 0 ? at : -1;

    // Control thread

    /// <summary>Milliseconds between packets at least, so that a NAT keeps its mapping; 0 turns it off.</summary>
    public long PersistentKeepalive
    {
        get => _timers.PersistentKeepalive;
        set => _timers.PersistentKeepalive = value;
    }

    /// <summary>Used by the next handshake; all zero for none.</summary>
    public void SetPresharedKey(ReadOnlySpan<byte> key)
    {
        var former = _presharedKey;
        _presharedKey = new SecretKey(key);
        _remote?.PresharedKey = _presharedKey;
        former.Dispose();
    }

    /// <summary>Our own private key is another one, or none: what was agreed under the former is void.</summary>
    public void IdentityChanged()
    {
        End();
        _remote?.Dispose();
        _remote = _context.Self is { } self ? new RemoteIdentity(self, PublicKey, _presharedKey) : null;
    }

    /// <summary>Forgets all sessions and the handshake in progress.</summary>
    public void End()
    {
        DropHandshake();
        _slots.Clear();
    }

    public void Dispose()
    {
        End();
        _remote?.Dispose();
        _presharedKey.Dispose();
    }

    /// <summary>
    /// There is something to send and no key to send it with, or the peer has a new endpoint: starts a handshake, unless one was started within
    /// REKEY_TIMEOUT; then its answer or its repetition is on the way.
    /// </summary>
    public void RequestHandshake(long now)
    {
        _timers.HandshakeRequested();
        if (_timers.MayInitiate(now))
            SendInitiation(now);
    }

    public void Tick(long now)
    {
        var due = _timers.Tick(now, _slots.Current);
        if (due != TimerActions.None)
            Act(due, now);
    }

    private void Act(TimerActions due, long now)
    {
        if (due.HasFlag(TimerActions.ZeroKeys))
            End();
        if (due.HasFlag(TimerActions.Abandon))
            Abandon();
        if (due.HasFlag(TimerActions.Initiate))
            RequestHandshake(now);
        if (due.HasFlag(TimerActions.Retry) && _timers.MayInitiate(now))
            SendInitiation(now);
        if (due.HasFlag(TimerActions.Keepalive))
            SendKeepalive(now);
    }

    private void Abandon()
    {
        DropHandshake();
        _context.Sink.HandshakeAbandoned(this);
    }

    private void SendKeepalive(long now)
    {
        if (_slots.Current is { } current && !current.IsExpired(now))
            _context.Sink.SendKeepalive(this);
        else
            RequestHandshake(now);
    }

    private void SendInitiation(long now)
    {
        if (_context.Self is not { } self || _remote is not { } remote)
            return;
        DropHandshake();
        Span<byte> message = stackalloc byte[InitiationMessage.Length];
        var entry = _context.Indices.Add(this, _indexClass);
        _lastTimestampSent = _context.Timestamps.Next(_lastTimestampSent);
        _pending = InitiatorHandshake.Create(self, remote, entry.Index, _lastTimestampSent, _context.Entropy, message);
        if (_pending is null)
        {
            _context.Indices.Remove(entry);
            return;
        }
        _pendingEntry = entry;
        _cookies.AddMacs(message, now);
        _timers.InitiationSent(now);
        _context.Sink.SendToPeer(this, message);
    }

    /// <summary>A response to the index of ours in <paramref name="entry"/>.</summary>
    public HandshakeOutcome ReceiveResponse(IndexEntry entry, ReadOnlySpan<byte> message, long now)
    {
        if (_pending is not { } pending || !ReferenceEquals(entry, _pendingEntry) || _context.Self is not { } self || _remote is not { } remote)
            return HandshakeOutcome.UnknownIndex;
        if (!pending.TryConsumeResponse(self, remote, message, out var keys))
            return HandshakeOutcome.NotAuthentic;

        _context.Sink.PeerSeen(this);
        _pendingEntry = null; // the index lives on with the session
        DropHandshake();
        var remoteIndex = BinaryPrimitives.ReadUInt32LittleEndian(message[ResponseMessage.Sender..]);
        var keypair = NewKeypair(entry, remoteIndex, isInitiator: true, keys, now);
        _slots.InstallInitiated(keypair);
        entry.Keypair = keypair;
        _timers.HandshakeReceived(now);
        _timers.SessionDerived(now);
        _timers.HandshakeComplete(now);
        _context.Sink.SessionReady(this, mustConfirm: true);
        return HandshakeOutcome.Completed;
    }

    /// <summary>An initiation that names this peer as its sender.</summary>
    public HandshakeOutcome ReceiveInitiation(ResponderHandshake handshake, ReadOnlySpan<byte> message, long now)
    {
        if (_remote is not { } remote || !handshake.TryReadTimestamp(remote, message, out var timestamp))
            return HandshakeOutcome.NotAuthentic;
        if (timestamp <= _newestTimestamp)
            return HandshakeOutcome.Replayed;
        if (now - _lastInitiation < _context.Times.MinimumInitiationInterval)
            return HandshakeOutcome.TooSoon;
        (_newestTimestamp, _lastInitiation) = (timestamp, now);
        return TryAnswer(handshake, remote, now) ? HandshakeOutcome.Answered : HandshakeOutcome.NotAuthentic;
    }

    private bool TryAnswer(ResponderHandshake handshake, RemoteIdentity remote, long now)
    {
        Span<byte> response = stackalloc byte[ResponseMessage.Length];
        var entry = _context.Indices.Add(this, _indexClass);
        if (!handshake.TryCreateResponse(remote, entry.Index, _context.Entropy, response, out var keys))
        {
            _context.Indices.Remove(entry);
            return false;
        }

        _context.Sink.PeerSeen(this);
        _cookies.AddMacs(response, now);
        var keypair = NewKeypair(entry, handshake.InitiatorIndex, isInitiator: false, keys, now);
        _slots.InstallAnswered(keypair);
        entry.Keypair = keypair;
        _timers.HandshakeReceived(now);
        _timers.SessionDerived(now);
        _timers.ResponseSent(now);
        _context.Sink.SendToPeer(this, response);
        return true;
    }

    /// <summary>A receive worker got the first packet on a session that we answered (<see cref="Keypair.TryConfirm"/>).</summary>
    public void Confirm(Keypair keypair, long now)
    {
        if (!_slots.TryConfirm(keypair))
            return;
        DropHandshake(); // the peer began one too, and its is in use
        _timers.HandshakeComplete(now);
        _context.Sink.SessionReady(this, mustConfirm: false);
    }

    public HandshakeOutcome ReceiveCookie(ReadOnlySpan<byte> message, long now) =>
        _cookies.TryConsume(message, now) ? HandshakeOutcome.CookieTaken : HandshakeOutcome.NotAuthentic;

    private Keypair NewKeypair(IndexEntry entry, uint remoteIndex, bool isInitiator, TransportKeys keys, long now)
    {
        using (keys)
            return new Keypair(entry, remoteIndex, isInitiator, keys, now, _context.Times);
    }

    private void DropHandshake()
    {
        if (_pendingEntry is not null)
            _context.Indices.Remove(_pendingEntry);
        _pendingEntry = null;
        _pending?.Dispose();
        _pending = null;
    }
}
