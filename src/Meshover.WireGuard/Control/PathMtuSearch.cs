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

    // How soon more than was found is tried again (RFC 8899 section 5.1.1, PMTU_RAISE_TIMER).
    private const long RaiseInterval = 600_000;

    // And how soon whether as much still arrives (section 4.3): until that is known, all large packets are lost.
    private const long ConfirmInterval = 45_000;

    // And one of which nothing is known.
    private const long RetryInterval = 60_000;

    private readonly int _minimum;
    private readonly int _maximum;
    private int _ceiling;
    private int _low;
    private int _high;
    private int _size;
    private int _tries;
    private long _nextTry;
    private long _nextRaise;

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
    public void Restart()
    {
        _nextRaise = 0;
        Begin(_maximum, at: 0);
    }

    /// <summary>The size to try now; null if none is due.</summary>
    public int? Due(long now)
    {
        if (now < _nextTry)
            return null;
        if (IsAtRest && now >= _nextRaise)
            Begin(_maximum, now);
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
        if (Result >= _high) // what arrived until now was tried, and does not any more
            Result = _low;
        if (_high - _low <= Step)
            Finish(now);
        else
            Try(Middle());
    }

    // Nothing has been tried since something was found, or was not.
    private bool IsAtRest => _size == _ceiling && _tries == 0;

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
        if (_ceiling == _maximum)
            _nextRaise = now + (isKnown ? RaiseInterval : RetryInterval);
        Begin(Result ?? _maximum, at: now + (isKnown ? ConfirmInterval : RetryInterval));
    }

    // Tries that much at that time, and then less.
    private void Begin(int ceiling, long at) => (_ceiling, _low, _high, _size, _tries, _nextTry) = (ceiling, 0, ceiling, ceiling, 0, at);
}
