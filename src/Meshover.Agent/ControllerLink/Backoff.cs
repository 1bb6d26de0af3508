namespace Meshover.Agent.ControllerLink;

/// <summary>How long to wait before the next try: doubled each time, with jitter, so that the nodes of a mesh do not return in step.</summary>
/// <param name="shortest">Before the first retry.</param>
/// <param name="longest">Never longer.</param>
/// <param name="jitter">Gives a number from 0 to 1.</param>
internal sealed class Backoff(TimeSpan shortest, TimeSpan longest, Func<double> jitter)
{
    private int _failures;

    public void Reset() => _failures = 0;

    /// <summary>Between half of the doubled time and all of it.</summary>
    public TimeSpan Next()
    {
        var doubled = Math.Min(longest.TotalMilliseconds, shortest.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 30)));
        return TimeSpan.FromMilliseconds(doubled * (0.5 + (jitter() / 2)));
    }
}
