namespace Meshover.WireGuard.Session;

/// <summary>
/// The up to three sessions of one peer (WireGuard paper, section 6.3): the current one is sent on; the previous still receives what was
/// on its way; the next is one that we answered and that the peer has not used yet. Control thread, but for <see cref="Current"/>.
/// </summary>
internal sealed class SessionSlots(IndexTable indices, KeyReclaimer reclaimer)
{
    private volatile TransportSession? _current;
    private TransportSession? _previous;
    private TransportSession? _next;

    public TransportSession? Current => _current;

    /// <summary>
    /// A handshake that we began is complete: we send with it from now on. A session that we answered meanwhile becomes the previous one:
    /// when both ends began at the same moment, the peer sends on it.
    /// </summary>
    public void InstallInitiated(TransportSession session)
    {
        var dropped = _next is null ? _previous : _current;
        var alsoDropped = _next is null ? null : _previous;
        (_previous, _next) = (_next ?? _current, null);
        _current = session;
        Retire(dropped);
        Retire(alsoDropped);
    }

    /// <summary>We answered a handshake: we receive with it, and send only once the peer has shown that it has the keys.</summary>
    public void InstallAnswered(TransportSession session)
    {
        var (next, previous) = (_next, _previous);
        (_next, _previous) = (session, null);
        Retire(next);
        Retire(previous);
    }

    /// <summary>The peer has used the next session: it becomes the current one. False if it is not the next one (any more).</summary>
    public bool TryConfirm(TransportSession session)
    {
        if (!ReferenceEquals(session, _next))
            return false;
        var previous = _previous;
        (_previous, _current, _next) = (_current, session, null);
        Retire(previous);
        return true;
    }

    /// <summary>Drops all sessions.</summary>
    public void Clear()
    {
        var (previous, current, next) = (_previous, _current, _next);
        (_previous, _current, _next) = (null, null, null);
        Retire(previous);
        Retire(current);
        Retire(next);
    }

    /// <summary>Drops those that are of no use any more.</summary>
    public void DropExpired(long now)
    {
        var (previous, current, next) = (_previous, _current, _next);
        if (previous?.IsExpired(now) == true)
            _previous = null;
        if (current?.IsExpired(now) == true)
            _current = null;
        if (next?.IsExpired(now) == true)
            _next = null;
        Retire(_previous is null ? previous : null);
        Retire(_current is null ? current : null);
        Retire(_next is null ? next : null);
    }

    // Only after its slot has been written over: from here on no worker can come to hold it.
    private void Retire(TransportSession? session)
    {
        if (session is null)
            return;
        indices.Remove(session.Entry);
        reclaimer.Retire(session);
    }
}
