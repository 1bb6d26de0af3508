namespace Meshover.Kube;

/// <summary>How long to wait before the next try: doubled each time, between half of it and all, so that the nodes of a cluster do not return in step.</summary>
/// <param name="shortest">Before the first retry.</param>
/// <param name="longest">Never longer.</param>
/// <param name="jitter">Gives a number from 0 to 1.</param>
internal sealed class Backoff(TimeSpan shortest, TimeSpan longest, Func<double> jitter)
{
    private int _failures;

    public void Reset() => _failures = 0;

    public TimeSpan Next()
    {
        var doubled = Math.Min(longest.TotalMilliseconds, shortest.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 30)));
        return TimeSpan.FromMilliseconds(doubled * (0.5 + (jitter() / 2)));
    }
}
