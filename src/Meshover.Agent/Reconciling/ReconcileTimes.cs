using System.Collections.Immutable;

namespace Meshover.Agent.Reconciling;

/// <summary>How long a worker waits for a reason before it looks again: while all is right, and at first while something is not.</summary>
internal sealed record ReconcileTimes(TimeSpan WhenRight, TimeSpan WhenNot)
{
    /// <summary>
    /// What is wrong for good, such as a setting that this container may not write, must not cost more than what is right: the waits double
    /// up to that. What starts is waited for closely, and so is what failed in another way than before.
    /// </summary>
    public TimeSpan After(ImmutableArray<ReconcileReport> reports, ImmutableArray<ReconcileReport> former, TimeSpan lastWait)
    {
        if (reports.All(report => report.State is ComponentState.Ok or ComponentState.Off))
            return WhenRight;
        var isStarting = reports.Any(report => report.State == ComponentState.Starting);
        if (isStarting || lastWait <= TimeSpan.Zero || !SameFailures(reports, former))
            return WhenNot;
        return TimeSpan.FromTicks(Math.Clamp(2 * lastWait.Ticks, WhenNot.Ticks, WhenRight.Ticks));
    }

    private static bool SameFailures(ImmutableArray<ReconcileReport> reports, ImmutableArray<ReconcileReport> former) =>
        reports.Length == former.Length && reports.Zip(former).All(pair => pair.First.State == pair.Second.State && pair.First.Errors.SequenceEqual(pair.Second.Errors));
}
