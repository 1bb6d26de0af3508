namespace Meshover.WireGuard.Session;

/// <summary>
/// Lets initiations out, so many a second: every one goes through here, whatever it is for. All peers called in one moment, after a start
/// say, would keep the control thread from the answers until those look like a flood, and would be of one age ever after. Control thread.
/// </summary>
/// <param name="perSecond">Initiations a second.</param>
/// <param name="burst">How many may leave in one moment; what the time between two ticks is worth, or more.</param>
internal sealed class HandshakePacer(int perSecond, int burst)
{
    // Thousandths of an initiation.
    private const long One = 1_000;

    private readonly Queue<PeerSession> _waiting = [];
    private long _allowance = burst * One;
    private long _since;

    /// <summary>Whether one may leave now; false also while others wait for theirs.</summary>
    public bool TryTake(long now) => _waiting.Count == 0 && TrySpend(now);

    /// <summary>The peer is called when its turn comes.</summary>
    public void Enqueue(PeerSession peer) => _waiting.Enqueue(peer);

    /// <summary>Calls those whose turn has come; at each tick.</summary>
    public void CallWaiting(long now)
    {
        while (_waiting.Count > 0 && TrySpend(now))
        {
            if (!_waiting.Dequeue().CallInTurn(now))
                _allowance += One; // it need not be called any more
        }
    }

    private bool TrySpend(long now)
    {
        _allowance = Math.Min(burst * One, _allowance + ((now - _since) * perSecond));
        _since = now;
        if (_allowance < One)
            return false;
        _allowance -= One;
        return true;
    }
}
