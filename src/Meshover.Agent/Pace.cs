namespace Meshover.Agent;

/// <summary>
/// Holds back what may be asked for without end: the first turn comes at once, the next ones further and further apart while they are asked
/// for, until it was quiet for a while.
/// </summary>
/// <param name="shortest">Between the first turn and the second.</param>
/// <param name="longest">Between any two.</param>
/// <param name="time">The clock.</param>
internal sealed class Pace(TimeSpan shortest, TimeSpan longest, TimeProvider time)
{
    private TimeSpan _gap;
    private TimeSpan? _last;

    /// <summary>How long to wait before a turn that is asked for now; it counts as taken.</summary>
    public TimeSpan Next()
    {
        var now = time.Uptime();
        var isQuiet = _last is not { } last || now - last >= 2 * _gap;
        var wait = isQuiet || _last!.Value + _gap <= now ? TimeSpan.Zero : _last.Value + _gap - now;
        _gap = isQuiet ? shortest : TimeSpan.FromTicks(Math.Min(2 * _gap.Ticks, longest.Ticks));
        _last = now + wait;
        return wait;
    }
}
