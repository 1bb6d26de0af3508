using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The timers of one peer (WireGuard paper, sections 6.1-6.5), without a timer: workers stamp the time of what they send and receive, and
/// each tick compares. A rule therefore acts up to one tick late, and an idle peer costs a few comparisons. 0 = not set.
/// </summary>
internal sealed class PeerTimers(ProtocolTimes times, IEntropy entropy)
{
    private long _lastHandshake = -1;
    private long _handshakeReceived;
    private long _handshakeSent;
    private long _lastInitiationOrResponse = long.MinValue / 2;
    private long _seenSent, _seenReceived;
    private bool _renewedWhileReceiving;
    private long _retransmitAt;
    private int _attempts;
    private long _silentSince, _silenceHandled, _silenceJitter;
    private long _keepaliveOwedSince, _keepaliveHandled;
    private long _persistentHandled;
    private bool _persistentTurnedOn;
    private long _zeroKeysAt;

    public TrafficStamps Sent { get; } = new();

    public TrafficStamps Received { get; } = new();

    public long PersistentKeepalive
    {
        get;
        set
        {
            _persistentTurnedOn |= field == 0 && value > 0;
            field = value;
        }
    }

    /// <summary>-1 = never. Any thread.</summary>
    public long LastHandshake => Volatile.Read(ref _lastHandshake);

    /// <summary>0 = never. Any thread.</summary>
    public long LastReceived => Math.Max(Received.Any, Volatile.Read(ref _handshakeReceived));

    private long LastSent => Math.Max(Sent.Any, _handshakeSent);

    /// <summary>
    /// There is a new reason for a handshake: the attempts are counted anew. True: send an initiation now. False: one of ours, or an
    /// answer, is not REKEY_TIMEOUT old; if nothing comes of it, the next is due then.
    /// </summary>
    public bool HandshakeRequested(long now)
    {
        _attempts = 0;
        if (MayInitiate(now))
            return true;
        if (_retransmitAt == 0)
            RetransmitLater();
        return false;
    }

    /// <summary>
    /// Whether the initiation that had to wait for its turn is still to be sent. False: an answer of ours went out meanwhile; if nothing
    /// comes of that, it is due later.
    /// </summary>
    public bool MayCallInTurn(long now)
    {
        if (MayInitiate(now))
            return true;
        RetransmitLater();
        return false;
    }

    public void InitiationSent(long now)
    {
        _handshakeSent = _lastInitiationOrResponse = now;
        _retransmitAt = now + times.RekeyTimeout + Jitter();
    }

    /// <summary>An authentic initiation came in, and our answer went out: there is a session that awaits its first packet.</summary>
    public void InitiationAnswered(long now)
    {
        _handshakeSent = _lastInitiationOrResponse = now;
        SessionDerived(now);
    }

    /// <summary>An authentic response came in: there is a session in use.</summary>
    public void ResponseReceived(long now)
    {
        SessionDerived(now);
        HandshakeComplete(now);
    }

    public void HandshakeComplete(long now)
    {
        Volatile.Write(ref _lastHandshake, now);
        _retransmitAt = 0;
        _attempts = 0;
        _renewedWhileReceiving = false;
    }

    /// <summary>Nothing is due any more, until there is a new reason.</summary>
    public void Stop()
    {
        (_retransmitAt, _attempts, _zeroKeysAt) = (0, 0, 0);
        (_silentSince, _silenceHandled) = (0, Sent.Data);
        (_keepaliveOwedSince, _keepaliveHandled) = (0, Received.Data);
        _lastInitiationOrResponse = long.MinValue / 2;
        _persistentTurnedOn = true;
    }

    private bool MayInitiate(long now) => now - _lastInitiationOrResponse >= times.RekeyTimeout;

    private void RetransmitLater() => _retransmitAt = _lastInitiationOrResponse + times.RekeyTimeout + Jitter();

    private void SessionDerived(long now)
    {
        Volatile.Write(ref _handshakeReceived, now);
        _zeroKeysAt = now + (3 * times.RejectAfterTime);
    }

    /// <summary>Everything that has become due. <paramref name="current"/> is the session that is sent on.</summary>
    public TimerActions Tick(long now, TransportSession? current) =>
        Renewal(current) | Silence(now) | Retransmission(now) | Keepalive(now) | PersistentKeepaliveDue(now) | ZeroKeys(now);

    /// <summary>
    /// REKEY_AFTER_TIME and REKEY_AFTER_MESSAGES when something was sent; when something was received, only so late that the answer
    /// is there before REJECT_AFTER_TIME. By time only the initiator acts, so that not both ends begin at once.
    /// </summary>
    private TimerActions Renewal(TransportSession? current)
    {
        var (sent, received) = (Sent.Any, Received.Any);
        var (sends, receives) = (sent > _seenSent, received > _seenReceived);
        (_seenSent, _seenReceived) = (sent, received);
        if (current is null)
            return TimerActions.None;
        if (sends && (current.SentMessages > times.RekeyAfterMessages || IsOlder(current, sent, times.RekeyAfterTime)))
            return TimerActions.Initiate;
        if (!receives || _renewedWhileReceiving || !IsOlder(current, received, times.RekeyAfterTimeReceiving))
            return TimerActions.None;
        _renewedWhileReceiving = true;
        return TimerActions.Initiate;
    }

    private static bool IsOlder(TransportSession current, long at, long age) =>
        current.IsInitiator && at - current.Created >= age - current.RenewsSooner;

    /// <summary>
    /// Data was sent and nothing at all came back for KEEPALIVE_TIMEOUT + REKEY_TIMEOUT: the peer may have lost its keys.
    /// </summary>
    private TimerActions Silence(long now)
    {
        var (sent, received) = (Sent.Data, LastReceived);
        if (_silentSince != 0 && received >= _silentSince)
            _silentSince = 0;
        if (_silentSince == 0 && sent > Math.Max(received, _silenceHandled))
            (_silentSince, _silenceJitter) = (sent, Jitter());
        if (_silentSince == 0 || now - _silentSince < times.KeepaliveTimeout + times.RekeyTimeout + _silenceJitter)
            return TimerActions.None;
        (_silentSince, _silenceHandled) = (0, sent);
        return TimerActions.Initiate;
    }

    private TimerActions Retransmission(long now)
    {
        if (_retransmitAt == 0 || now < _retransmitAt)
            return TimerActions.None;
        if (!MayInitiate(now)) // an answer of ours went out meanwhile, and may still lead to a session
        {
            RetransmitLater();
            return TimerActions.None;
        }
        _retransmitAt = 0;
        if (_attempts++ < times.MaxHandshakeAttempts)
            return TimerActions.Retry;
        if (_zeroKeysAt == 0)
            _zeroKeysAt = now + (3 * times.RejectAfterTime);
        (_keepaliveOwedSince, _keepaliveHandled) = (0, Received.Data);
        return TimerActions.Abandon;
    }

    /// <summary>Data was received and nothing sent since for KEEPALIVE_TIMEOUT: an empty packet tells the peer that we are there.</summary>
    private TimerActions Keepalive(long now)
    {
        var received = Received.Data;
        if (_keepaliveOwedSince != 0 && LastSent > _keepaliveOwedSince)
            _keepaliveOwedSince = 0;
        // Sent in the same millisecond counts as sent before: one empty packet too many does no harm, one too few costs a handshake.
        if (_keepaliveOwedSince == 0 && received >= LastSent && received > _keepaliveHandled)
            _keepaliveOwedSince = received;
        if (_keepaliveOwedSince == 0 || now - _keepaliveOwedSince < times.KeepaliveTimeout)
            return TimerActions.None;
        (_keepaliveOwedSince, _keepaliveHandled) = (0, received);
        return TimerActions.Keepalive;
    }

    /// <summary>
    /// Whatever was or was not said, a NAT on the way sees a packet at least this often. The first comes as soon as this is turned on.
    /// </summary>
    private TimerActions PersistentKeepaliveDue(long now)
    {
        if (PersistentKeepalive == 0)
            return TimerActions.None;
        var last = Math.Max(Math.Max(LastSent, LastReceived), _persistentHandled);
        if (!_persistentTurnedOn && now - last < PersistentKeepalive)
            return TimerActions.None;
        _persistentTurnedOn = false;
        _persistentHandled = now;
        return TimerActions.Keepalive;
    }

    private TimerActions ZeroKeys(long now)
    {
        if (_zeroKeysAt == 0 || now < _zeroKeysAt)
            return TimerActions.None;
        _zeroKeysAt = 0;
        return TimerActions.ZeroKeys;
    }

    private long Jitter() => entropy.Below(times.RekeyTimeoutJitterMax + 1);
}
