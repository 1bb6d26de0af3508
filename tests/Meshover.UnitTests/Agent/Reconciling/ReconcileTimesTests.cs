using System.Collections.Immutable;
using Meshover.Agent.Reconciling;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class ReconcileTimesTests
{
    private static readonly ReconcileTimes Times = new(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1));

    [Fact]
    public void After_SameFailureAgainAndAgain_WaitsLongerUpToWhatIsWaitedWhenAllIsRight() =>
        Assert.Equal([1, 2, 4, 8, 15, 15], Waits(6, _ => Report(ComponentState.Degraded, "read-only")));

    [Fact]
    public void After_AnotherFailure_LooksSoonAgain() =>
        Assert.Equal([1, 2, 4, 1, 2], Waits(5, pass => Report(ComponentState.Degraded, pass < 3 ? "one" : "another")));

    [Fact]
    public void After_StillStarting_LooksClosely() => Assert.Equal([1, 1, 1, 1], Waits(4, _ => Report(ComponentState.Starting, "FRR starts")));

    [Fact]
    public void After_AllRight_WaitsLong() => Assert.Equal([15, 15], Waits(2, _ => Report(ComponentState.Ok)));

    [Fact]
    public void Bounded_ThousandsOfErrors_KeepsTenAndCountsTheRest()
    {
        var report = Report(ComponentState.Degraded, [.. Enumerable.Range(0, 1000).Select(i => $"error {i}")]).Bounded();
        Assert.Equal(11, report.Errors.Length);
        Assert.Equal("And 990 more of this kind.", report.Errors[10]);
        Assert.Equal(10, Report(ComponentState.Degraded, [.. Enumerable.Range(0, 10).Select(i => $"error {i}")]).Bounded().Errors.Length);
    }

    private static double[] Waits(int passes, Func<int, ReconcileReport> report)
    {
        var waits = new List<double>();
        var (wait, former) = (Timeout.InfiniteTimeSpan, ImmutableArray<ReconcileReport>.Empty);
        for (var pass = 0; pass < passes; pass++)
        {
            ImmutableArray<ReconcileReport> reports = [Report(ComponentState.Ok), report(pass)];
            wait = Times.After(reports, former, wait);
            former = reports;
            waits.Add(wait.TotalSeconds);
        }
        return [.. waits];
    }

    private static ReconcileReport Report(ComponentState state, params string[] errors) => new() { State = state, Errors = [.. errors] };
}
