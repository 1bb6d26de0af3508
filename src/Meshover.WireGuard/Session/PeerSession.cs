using System.Buffers.Binary;
using System.Collections.Immutable;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// One peer's side of the protocol: its sessions, its handshakes and its timers. The control thread owns it; the members under "data path"
/// are for the workers.
/// </summary>
internal sealed class PeerSession : IDisposable
{
    private readonly SessionContext _context;
    private readonly int _indexClass;
    private readonly PeerTimers _timers;
    private readonly SessionSlots _slots;
    private readonly PeerHandshake _handshake;
    private readonly KeyChangeSchedule _keyChange;
    private bool _waitsForTurn;
    private bool _isDisposed;

    public PeerSession(SessionContext context, ImmutableArray<WireGuardKey> peerKeys, object owner, int indexClass)
    {
        _context = context;
        _indexClass = indexClass;
        Owner = owner;
        _timers = new PeerTimers(context.Times, context.Entropy);
        _slots = new SessionSlots(context.Indices, context.Reclaimer);
        _handshake = new PeerHandshake(context, peerKeys);
        _keyChange = new KeyChangeSchedule(context);
    }

    /// <summary>The peer's, the preferred first.</summary>
    public ImmutableArray<WireGuardKey> PeerKeys => _handshake.PeerKeys;

    /// <summary>The pipeline's own object for this peer, given to <see cref="SessionManager.AddPeer"/>.</summary>
    public object Owner { get; }

    // Data path

    /// <summary>The session to send with, or null; also ask <see cref="TransportSession.IsExpired"/>. Any thread, inside its gate.</summary>
    public TransportSession? SendSession => _slots.Current;

    /// <summary>Written by the peer's send worker, once per batch.</summary>
    public TrafficStamps Sent => _timers.Sent;

    /// <summary>Written by the receive worker, once per batch, for packets whose tag was right.</summary>
    public TrafficStamps Received => _timers.Received;

    /// <summary>When a handshake was last completed, in milliseconds of the engine's clock; -1 = never. Any thread.</summary>
    public long LastHandshake => _timers.LastHandshake;

    /// <summary>When anything authentic was last received, handshakes included; -1 = never. Any thread.</summary>
    public long LastReceived => _timers.LastReceived is var at and not 0 ? at : -1;

    // Control thread

    /// <summary>Between which keys the last handshake was; null = there was none.</summary>
    public AgreedKeys? Agreed => _keyChange.Last;

    /// <summary>When a handshake was last completed, by the wall clock; null = never.</summary>
    public DateTimeOffset? LastHandshakeTime { get; private set; }

    /// <summary>
    /// Of the peer's initiations: only newer ones are taken. To be kept over a restart, or whoever recorded old ones can play them to the
    /// next engine and have it send elsewhere for a while.
    /// </summary>
    public Tai64n NewestTimestamp
    {
        get => _handshake.NewestTimestamp;
        set => _handshake.NewestTimestamp = value;
    }

    /// <summary>Milliseconds between packets at least, so that a NAT keeps its mapping; 0 turns it off.</summary>
    public long PersistentKeepalive
    {
        get => _timers.PersistentKeepalive;
        set => _timers.PersistentKeepalive = value;
    }

    /// <summary>Used by the next handshake; all zero for none.</summary>
    public void SetPresharedKey(ReadOnlySpan<byte> key) => _handshake.SetPresharedKey(key);

    /// <summary>
    /// Our own keys are others, or the peer has these. Sessions go on; unless they end they are agreed anew, now and not in minutes.
    /// </summary>
    /// <param name="peerKeys">The preferred first.</param>
    /// <param name="endsSessions">What was agreed before is void.</param>
    /// <param name="spread">Milliseconds over which handshakes may be spread, so that not all peers begin theirs at once.</param>
    public void KeysChanged(ImmutableArray<WireGuardKey> peerKeys, bool endsSessions, int spread)
    {
        if (endsSessions)
            _slots.Clear();
        _handshake.KeysChanged(peerKeys);
        if (_slots.Current is not null)
            _keyChange.KeysChanged(peerKeys, spread);
    }

    /// <summary>
    /// There is something to send and no key to send it with, or the peer has a new endpoint: starts a handshake, at once or, if an
    /// initiation or response was sent within REKEY_TIMEOUT and that leads to nothing, after it.
    /// </summary>
    public void RequestHandshake(long now)
    {
        // A worker's request may still have been in the inbox when the peer was removed.
        if (!_isDisposed && _context.IsRunning && _timers.HandshakeRequested(now))
            Call(now);
    }

    /// <summary>
    /// Its turn to be called (<see cref="HandshakePacer"/>). False if it need not be: there is a session since, or an answer of ours may
    /// still lead to one.
    /// </summary>
    public bool CallInTurn(long now)
    {
        if (!_waitsForTurn)
            return false;
        _waitsForTurn = false;
        if (!_timers.MayCallInTurn(now))
            return false;
        SendInitiation(now);
        return true;
    }

    /// <summary>Runs the timers.</summary>
    public void Tick(long now)
    {
        var due = _timers.Tick(now, _slots.Current);
        if (due != TimerActions.None)
            Act(due, now);
        if (_keyChange.IsDue(now))
            RequestHandshake(now);
    }

    private void Act(TimerActions due, long now)
    {
        if (due.HasFlag(TimerActions.ZeroKeys))
            End();
        if (due.HasFlag(TimerActions.Abandon))
            Abandon();
        if (due.HasFlag(TimerActions.Initiate))
            RequestHandshake(now);
        if (due.HasFlag(TimerActions.Retry))
            Call(now);
        if (due.HasFlag(TimerActions.Keepalive))
            SendKeepalive(now);
    }

    /// <summary>The interface is set down: all that was agreed is void, and nothing is due any more.</summary>
    public void Stop()
    {
        End();
        _timers.Stop();
        _context.Sink.HandshakeAbandoned(this);
    }

    /// <summary>Time has leapt: zeroes what has expired, now and not when its time to be zeroed comes.</summary>
    public void EndExpired(long now) => _slots.DropExpired(now);

    private void End()
    {
        _waitsForTurn = false;
        _handshake.Drop();
        _slots.Clear();
    }

    private void Abandon()
    {
        _handshake.Drop();
        _context.Sink.HandshakeAbandoned(this);
    }

    private void SendKeepalive(long now)
    {
        if (_slots.Current is { } current && !current.IsExpired(now))
            _context.Sink.SendKeepalive(this);
        else
            RequestHandshake(now);
    }

    private void Call(long now)
    {
        if (_waitsForTurn)
            return;
        if (_context.Pacer.TryTake(now))
        {
            SendInitiation(now);
            return;
        }
        _waitsForTurn = true;
        _context.Pacer.Enqueue(this);
    }

    private void SendInitiation(long now)
    {
        Span<byte> initiation = stackalloc byte[InitiationMessage.Length];
        var entry = _context.Indices.Add(this, _indexClass);
        if (!_handshake.TryBegin(entry, initiation, now))
        {
            _context.Indices.Remove(entry);
            return;
        }
        _timers.InitiationSent(now);
        _context.Sink.SendToPeer(this, initiation);
    }

    /// <summary>Whether we wait for a response under this index, and have not been told lies about it.</summary>
    public bool Awaits(IndexEntry entry) => _handshake.Awaits(entry);

    /// <summary>A response to the index of ours in <paramref name="entry"/>.</summary>
    public HandshakeOutcome ReceiveResponse(IndexEntry entry, ReadOnlySpan<byte> response, long now)
    {
        if (_handshake.TryComplete(entry, response, out var keys, out var agreed) is { } refusal)
            return refusal;

        _context.Sink.PeerSeen(this);
        var remoteIndex = BinaryPrimitives.ReadUInt32LittleEndian(response[ResponseMessage.Sender..]);
        var session = NewSession(entry, remoteIndex, isInitiator: true, keys!, agreed!, now);
        _slots.InstallInitiated(session);
        entry.TransportSession = session;
        _timers.ResponseReceived(now);
        Complete(session);
        _context.Sink.SessionReady(this, mustConfirm: true);
        return HandshakeOutcome.Completed;
    }

    /// <summary>An initiation that names this peer as its sender.</summary>
    public HandshakeOutcome ReceiveInitiation(ResponderHandshake handshake, ReadOnlySpan<byte> initiation, long now)
    {
        if (_handshake.Check(handshake, initiation, now) is { } refusal)
            return refusal;

        Span<byte> response = stackalloc byte[ResponseMessage.Length];
        var entry = _context.Indices.Add(this, _indexClass);
        if (!_handshake.TryAnswer(handshake, entry, response, now, out var keys, out var agreed))
        {
            _context.Indices.Remove(entry);
            return HandshakeOutcome.NotAuthentic;
        }
        _context.Sink.PeerSeen(this);
        var session = NewSession(entry, handshake.InitiatorIndex, isInitiator: false, keys, agreed, now);
        _slots.InstallAnswered(session);
        entry.TransportSession = session; // before the answer leaves: the first packet may come at once
        _timers.InitiationAnswered(now);
        _context.Sink.SendToPeer(this, response);
        return HandshakeOutcome.Answered;
    }

    /// <summary>A receive worker got the first packet on a session that we answered (<see cref="TransportSession.TryConfirm"/>).</summary>
    public void Confirm(TransportSession session, long now)
    {
        if (!_slots.TryConfirm(session))
            return;
        _handshake.Complete(); // we may have begun one too, but the peer's is in use
        _timers.HandshakeComplete(now);
        Complete(session);
        _context.Sink.SessionReady(this, mustConfirm: false);
    }

    public HandshakeOutcome ReceiveCookie(ReadOnlySpan<byte> reply, long now) =>
        _handshake.TryConsumeCookie(reply, now) ? HandshakeOutcome.CookieTaken : HandshakeOutcome.NotAuthentic;

    private void Complete(TransportSession session)
    {
        _waitsForTurn = false;
        LastHandshakeTime = _context.WallClock.GetUtcNow();
        _keyChange.Completed(session.Agreed, PeerKeys);
    }

    private TransportSession NewSession(IndexEntry entry, uint remoteIndex, bool isInitiator, TransportKeys keys, AgreedKeys agreed, long now)
    {
        using (keys)
        {
            return new TransportSession(entry, remoteIndex, isInitiator, keys, now, _context.Times)
            {
                Agreed = agreed,
                RenewsSooner = _context.Entropy.Below(_context.Times.RekeyAfterTimeSpread + 1),
            };
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        End();
        _handshake.Dispose();
    }
}
