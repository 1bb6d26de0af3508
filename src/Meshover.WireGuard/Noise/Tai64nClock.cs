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
    private const ulong MarkAhead = 10; // seconds: the mark is saved at most that often

    private Tai64n _last;
    private Tai64n _mark;
    private bool _loaded;

    /// <param name="previous">The one that was last sent to the same peer. Two peers may see the same timestamp.</param>
    public Tai64n Next(Tai64n previous)
    {
        if (!_loaded)
            Load();
        var next = Max(_last, Coarsen(Tai64n.FromUnix(clock.GetUtcNow() - DateTimeOffset.UnixEpoch)));
        if (next <= previous)
            next = After(previous);
        _last = Max(_last, next);
        if (_last > _mark)
            SaveMark();
        return next;
    }

    private void Load()
    {
        _loaded = true;
        if (store.Load() is { } mark)
            (_last, _mark) = (After(Coarsen(mark)), mark);
    }

    private void SaveMark()
    {
        _mark = _last with { Seconds = _last.Seconds + MarkAhead };
        store.Save(_mark);
    }

    private static Tai64n Max(Tai64n left, Tai64n right) => left > right ? left : right;

    private static Tai64n Coarsen(Tai64n time) => time with { Nanoseconds = time.Nanoseconds & ~(Step - 1) };

    private static Tai64n After(Tai64n time)
    {
        var nanoseconds = time.Nanoseconds + Step;
        return nanoseconds < Second ? time with { Nanoseconds = nanoseconds } : new Tai64n(time.Seconds + 1, 0);
    }
}
