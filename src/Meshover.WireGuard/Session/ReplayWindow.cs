namespace Meshover.WireGuard.Session;

/// <summary>
/// Which counters of a key have been seen (RFC 6479): a ring of 128 words of 64 bits, of which the one being filled does not count,
/// so that packets up to 8,128 behind the newest are told apart. Owned by one receive worker; no locks.
/// </summary>
internal sealed class ReplayWindow
{
    private const int WordBits = 6;
    private const int Words = 128;

    /// <summary>How far behind the newest a packet may be.</summary>
    public const ulong Size = (Words - 1) << WordBits;

    private readonly ulong[] _seen = new ulong[Words];
    private ulong _newest;

    /// <summary>
    /// True once per counter, false for one seen before or too old to tell. Only for a packet whose tag was right: a forged
    /// counter would push the window past everything genuine.
    /// </summary>
    public bool TryAccept(ulong counter)
    {
        if (counter > _newest)
            Advance(counter);
        else if (_newest - counter > Size)
            return false;

        ref var word = ref _seen[(counter >> WordBits) % Words];
        var bit = 1UL << (int)(counter & 63);
        if ((word & bit) != 0)
            return false;
        word |= bit;
        return true;
    }

    private void Advance(ulong counter)
    {
        var from = _newest >> WordBits;
        var steps = Math.Min((counter >> WordBits) - from, Words);
        for (ulong i = 1; i <= steps; i++)
            _seen[(from + i) % Words] = 0;
        _newest = counter;
    }
}
