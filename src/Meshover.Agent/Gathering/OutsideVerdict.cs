namespace Meshover.Agent.Gathering;

/// <summary>
/// From answers to whether the way out works. It is given up after a short silence, and taken back after answers that came steadily, for longer each time that it
/// did not hold: each word of it goes to every node.
/// </summary>
/// <param name="wasFailing">What was said last: it holds until answers, or their absence, say otherwise.</param>
internal sealed class OutsideVerdict(bool wasFailing, TimeProvider time)
{
    internal static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(800);
    internal static readonly TimeSpan Steady = TimeSpan.FromSeconds(5), MostSteady = TimeSpan.FromSeconds(80);

    /// <summary>What was well for so long has held.</summary>
    private static readonly TimeSpan Held = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _last = time.GetTimestamp();
    private long? _steadySince;
    private long? _wellSince;
    private TimeSpan _needed = Steady;

    public bool IsFailing { get; private set; } = wasFailing;

    /// <summary>One of the hosts did; for any thread.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_steadySince is null || IsSilent(now))
                _steadySince = now;
            _last = now;
        }
    }

    /// <returns>Whether <see cref="IsFailing"/> is another now.</returns>
    public bool Look()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (IsFailing ? IsSilent(now) || !IsLong(_steadySince, now, _needed) : !IsSilent(now))
                return false;
            IsFailing = !IsFailing;
            if (!IsFailing)
                _wellSince = now;
            else
                _needed = _wellSince is null || IsLong(_wellSince, now, Held) ? Steady : Longer(_needed);
            return true;
        }
    }

    private static TimeSpan Longer(TimeSpan needed) => needed * 2 < MostSteady ? needed * 2 : MostSteady;

    private bool IsSilent(long now) => time.GetElapsedTime(_last, now) > Silence;

    private bool IsLong(long? since, long now, TimeSpan least) => since is { } begun && time.GetElapsedTime(begun, now) >= least;
}
