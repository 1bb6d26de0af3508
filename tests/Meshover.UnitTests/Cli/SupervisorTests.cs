using Meshover.Cli.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class SupervisorTests
{
    private readonly FakeDaemons _daemons = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Run_NothingRuns_StartsEachDaemonOnce()
    {
        using var stop = new CancellationTokenSource();
        var run = Supervisor("agent", "dataplane").RunAsync(stop.Token);
        await _daemons.StartedAsync();
        await _daemons.StartedAsync();

        Assert.Equal(["start agent", "start dataplane"], _daemons.Events);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Run_DaemonRunsAlready_IsAdopted()
    {
        _daemons.Put("dataplane");
        using var stop = new CancellationTokenSource();
        var run = Supervisor("agent", "dataplane").RunAsync(stop.Token);
        await _daemons.StartedAsync();

        Assert.Equal(["start agent"], _daemons.Events);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Run_AdoptedDaemonDies_IsStartedAgainAfter100Ms()
    {
        _daemons.Put("agent");
        using var stop = new CancellationTokenSource();
        var run = Supervisor("agent").RunAsync(stop.Token);
        var killed = _time.GetTimestamp();
        _daemons.Kill("agent");
        await PassTimeUntilStartedAsync();

        Assert.Equal(["start agent"], _daemons.Events);
        Assert.True(_time.GetElapsedTime(killed) >= RestartPolicy.First);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Run_DaemonCannotBeStarted_IsTriedAgain()
    {
        _daemons.CannotStart = true;
        using var stop = new CancellationTokenSource();
        var run = Supervisor("agent").RunAsync(stop.Token);
        await _daemons.StartedAsync();
        _daemons.CannotStart = false;
        await PassTimeUntilStartedAsync();

        Assert.NotNull(_daemons.Find("agent"));
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Run_DaemonCannotBeWatchedForAMoment_IsKeptAllTheSame()
    {
        _daemons.Put("agent");
        _daemons.CannotWatch = true;
        using var stop = new CancellationTokenSource();
        var run = Supervisor("agent").RunAsync(stop.Token);
        await _daemons.WatchedAsync();
        _daemons.CannotWatch = false;
        await PassTimeUntilAsync(_daemons.WatchedAsync());
        _daemons.Kill("agent");
        await PassTimeUntilStartedAsync();

        Assert.Equal(["start agent"], _daemons.Events);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Run_Cancelled_StopsTheAgentFirstAndFrrBeforeTheDataplane()
    {
        foreach (var daemon in DaemonNames.All)
            _daemons.Put(daemon);
        using var stop = new CancellationTokenSource();
        var run = Supervisor([.. DaemonNames.All]).RunAsync(stop.Token);

        await stop.CancelAsync();
        await run;

        Assert.Equal(["drain", "stop agent", "stop frr", "stop routing", "stop dataplane", "stop dns"], _daemons.Events);
    }

    private Supervisor Supervisor(params string[] daemons) => new(
        [.. daemons.Select(d => new DaemonKeeper(d, _daemons, NullLogger.Instance, _time))],
        new LogTrimmer([], _time),
        new OrphanReaper(_time),
        _ =>
        {
            _daemons.Events.Add("drain");
            return Task.CompletedTask;
        },
        _ =>
        {
            _daemons.Events.Add("stop frr");
            return Task.CompletedTask;
        },
        NullLogger.Instance,
        _time);

    /// <summary>The fake clock cannot say who waits for it, so it is moved on in small steps.</summary>
    private async Task PassTimeUntilAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.WhenAny(done, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }
        await done;
    }

    private Task PassTimeUntilStartedAsync() => PassTimeUntilAsync(_daemons.StartedAsync());
}
