namespace Meshover.WireGuard.Noise;

/// <summary>
/// Timestamps for initiations. To one peer each is later than the one before, over restarts and with the clock set back: the store holds
/// a mark that is never below a timestamp in use. They are coarse, so that they tell nobody how our clock runs.
/// </summary>
/// <param name="clock">The wall clock.</param>
/// <param name="store">Keeps the mark.</param>
internal sealed class Tai64nClock(TimeProvider clock, ITai64nStore store)
{
    /// <summary>2^24 ns, 16.8 ms: the largest power of two that still allows 50 initiations a second to one peer, as in Linux.</summary>
    private const uint Step = 1 << 24;

    private const uint Second = 1_000_000_000;

    // Seconds. The mark is saved long before it is reached, for a disk may take its time, and nobody waits for it; and not further ahead,
    // for after a crash that is how far our timestamps are ahead of the clock.
    private const ulong MarkAhead = 30;
    private const ulong MarkLeft = 20;

    // The same once they are ahead of the clock: then they rise by steps only.
    private const ulong MarkAheadOfClock = 2;
    private const ulong MarkLeftAheadOfClock = 1;

    private Tai64n _last;
    private Tai64n _mark;
    private bool _isLoaded;

    /// <param name="previous">The one that was last sent to the same peer. Two peers may see the same timestamp.</param>
    public Tai64n Next(Tai64n previous)
    {
        Load();
        var now = Coarsen(Tai64n.FromUnix(clock.GetUtcNow() - DateTimeOffset.UnixEpoch));
        var next = Max(_last, now);
        if (next <= previous)
            next = After(previous);
        _last = Max(_last, next);
        var (left, ahead) = _last > now ? (MarkLeftAheadOfClock, MarkAheadOfClock) : (MarkLeft, MarkAhead);
        if (_last with { Seconds = _last.Seconds + left } >= _mark)
            SaveMark(_last with { Seconds = _last.Seconds + ahead });
        return next;
    }

    /// <summary>Saves the mark as it is without anything ahead: no more timestamps will be given out.</summary>
    public void Close()
    {
        if (_isLoaded && _last < _mark)
            SaveMark(_last);
    }

    private void Load()
    {
        if (_isLoaded)
            return;
        _isLoaded = true;
        if (store.Load() is { } mark)
            (_last, _mark) = (After(Coarsen(mark)), mark);
    }

    private void SaveMark(Tai64n mark)
    {
        _mark = mark;
        store.Save(mark);
    }

    private static Tai64n Max(Tai64n left, Tai64n right) => left > right ? left : right;

    private static Tai64n Coarsen(Tai64n time) => time with { Nanoseconds = time.Nanoseconds & ~(Step - 1) };

    private static Tai64n After(Tai64n time)
    {
        var nanoseconds = time.Nanoseconds + Step;
        return nanoseconds < Second ? time with { Nanoseconds = nanoseconds } : new Tai64n(time.Seconds + 1, 0);
    }
}
