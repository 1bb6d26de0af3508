using Meshover.Controller.Changes;
using Meshover.Controller.Live;

namespace Meshover.Controller.Administration;

/// <summary>Runs the checks of the mesh: for whoever asks, and every five minutes for the metrics.</summary>
internal sealed class MeshCheck(MeshDirectory directory, LiveNodes live, IWayAsker asker, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    /// <summary>After the controller's start: until then nodes are still coming back.</summary>
    private static readonly TimeSpan First = TimeSpan.FromSeconds(90);

    private volatile CheckRun? _last;

    /// <summary>The last of those that are made every five minutes; null: none yet.</summary>
    public CheckRun? Last => _last;

    /// <summary>As <see cref="Run"/>; and where pairs do not reach each other, the nodes on the way say where it ends.</summary>
    public async Task<CheckResult> AskAsync(CancellationToken cancel)
    {
        var result = Run();
        return result with { Problems = await new BrokenWays(directory.State, asker, time).TellAsync(result.Problems, cancel) };
    }

    /// <summary>By what is known, without asking anybody.</summary>
    public CheckResult Run() => MeshChecks.Of(directory.State, live.State, live.Clock.Now, ControllerVersion.Text);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(First, time, stoppingToken);
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            _last = new CheckRun(Run(), time.GetUtcNow());
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}

/// <param name="Result">What it found.</param>
/// <param name="At">When.</param>
internal sealed record CheckRun(CheckResult Result, DateTimeOffset At);
