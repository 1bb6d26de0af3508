namespace Meshover.WireGuard.Control;

/// <summary>
/// Finds the largest packet that reaches a peer in one piece, by trying: first the largest that we would send, and if no answer comes, the
/// smallest, which tells a narrow way from a peer that does not answer; then by halves. Times are milliseconds.
/// </summary>
internal sealed class PathMtuSearch
{
    // Packets are lost for other reasons, too.
    private const int Tries = 3;
    private const long Patience = 1_000;

    // As finely as padding goes; finer gains nothing.
    private const int Step = 16;

    // How soon a way that may have changed is tried again (RFC 8899 section 5.1.1, PMTU_RAISE_TIMER).
    private const long Interval = 600_000;

    // And one of which nothing is known.
    private const long RetryInterval = 60_000;

    private readonly int _minimum;
    private readonly int _maximum;
    private int _low;
    private int _high;
    private int _size;
    private int _tries;
    private long _nextTry;

    /// <param name="minimum">Bytes of the smallest packet that counts.</param>
    /// <param name="maximum">Bytes of the largest.</param>
    public PathMtuSearch(int minimum, int maximum)
    {
        (_minimum, _maximum) = (minimum, maximum);
        Restart();
    }

    /// <summary>Bytes of the largest packet that is known to arrive; null as long as nothing is known.</summary>
    public int? Result { get; private set; }

    /// <summary>Begins anew: the peer is elsewhere. What was found holds until something else is.</summary>
    public void Restart() => (_low, _high, _size, _tries, _nextTry) = (0, _maximum, _maximum, 0, 0);

    /// <summary>The size to try now; null if none is due.</summary>
    public int? Due(long now)
    {
        if (now < _nextTry)
            return null;
        if (_tries == Tries && !TrySmaller())
        {
            Finish(now);
            return null;
        }
        _tries++;
        _nextTry = now + Patience;
        return _size;
    }

    /// <summary>A packet of that size has come back.</summary>
    public void Answered(int size, long now)
    {
        if (size != _size || _tries == 0)
            return;
        _low = size;
        if (_high - _low <= Step || size == _maximum)
            Finish(now);
        else
            Try(Middle());
    }

    // False: there is nothing left to try.
    private bool TrySmaller()
    {
        if (_size == _minimum)
            return false; // it answers nothing at all
        _high = _size;
        if (_low != 0 && _high - _low <= Step)
            return false;
        Try(_low == 0 ? _minimum : Middle());
        return true;
    }

    private int Middle() => Math.Max(_low + Step, _low + ((_high - _low) / 2 / Step * Step));

    private void Try(int size) => (_size, _tries, _nextTry) = (size, 0, 0);

    private void Finish(long now)
    {
        var isKnown = _low != 0;
        if (isKnown)
            Result = _low;
        Restart();
        _nextTry = now + (isKnown ? Interval : RetryInterval);
    }
}
