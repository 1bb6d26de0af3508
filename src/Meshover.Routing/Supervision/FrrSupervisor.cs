using System.Collections.Immutable;
using Meshover.Routing.Config;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Owns FRR. One loop does everything that changes something: requests come through a channel, the death of a daemon and the time to
/// try again wake it too. What others may read is published whole in <see cref="Current"/>.
/// </summary>
internal sealed partial class FrrSupervisor(FrrLauncher launcher, FrrFiles files, ConfigApplier applier, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _tryAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _momentToDie = TimeSpan.FromMilliseconds(200);

    private readonly RequestQueue _requests = new();
    private readonly RestartDelay _delay = new();

    /// <summary>What FRR runs, or is to be started with: the last good one.</summary>
    private FrrConfig? _applied;
    private FrrProcesses? _running;
    private long _startedAt;
    private (FrrConfig Config, string Error)? _refused;
    private volatile SupervisorState _current = SupervisorState.Initial;

    public SupervisorState Current => _current;

    /// <summary>Makes FRR run this configuration.</summary>
    /// <exception cref="RoutingException">Refused, or FRR cannot run.</exception>
    public Task<ApplyResult> ApplyAsync(FrrConfig config, CancellationToken ct) => _requests.AskAsync(config, ct);

    /// <summary>Stops FRR and ends the loop.</summary>
    public Task StopAsync(CancellationToken ct) => _requests.AskAsync(config: null, ct);

    /// <summary>Runs until stopped, or until cancelled, which leaves FRR running.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await BeginAsync(ct);
            while (Current.State != RoutingState.Stopped) await StepAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            LogLeft();
        }
        finally
        {
            _requests.Close();
            if (_running is not null) await _running.DisposeAsync();
        }
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        _applied = files.LoadApplied();
        _running = await launcher.AdoptAsync(_applied, ct);
        if (_running is not null)
        {
            LogAdopted(string.Join(", ", _running.Daemons.Select(d => $"{d.Key} {d.Value.Pid}")));
            Publish(RoutingState.Running);
        }
        else if (_applied is not null) await TryStartAsync(ct);
    }

    /// <summary>Waits for what comes first: a request, a daemon's death, or the time to try again.</summary>
    private async Task StepAsync(CancellationToken ct)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var request = _requests.WaitAsync(waiting.Token);
        var death = _running?.Ended ?? Task.Delay(_applied is null ? Timeout.InfiniteTimeSpan : _tryAgain, time, waiting.Token);
        await Task.WhenAny(request, death);
        await waiting.CancelAsync();
        ct.ThrowIfCancellationRequested();
        if (_running is { Ended.IsCompleted: true }) await ReviveAsync(await _running.Ended, ct);
        else if (_running is null && _applied is not null && death.IsCompletedSuccessfully) await TryStartAsync(ct);
        while (_requests.TryTake(out var batch)) await AnswerAsync(batch, ct);
    }

    private async Task ReviveAsync(string died, CancellationToken ct)
    {
        await _running!.DisposeAsync();
        _running = null;
        var delay = _delay.After(time.GetElapsedTime(_startedAt), Detection);
        LogDied(died, delay);
        Publish(RoutingState.Starting, $"{died} ended and FRR is started again as a whole: {files.LastLogLine(FrrDaemon.AnyRelease.Single(d => d.Name == died))}", restarted: true);
        await Task.Delay(delay, time, ct);
        if (_applied is not null) await TryStartAsync(ct);
    }

    private async Task TryStartAsync(CancellationToken ct)
    {
        try
        {
            await StartAsync(_applied!, ct);
        }
        catch (RoutingException e)
        {
            LogCannotRun(e.Message);
        }
    }

    private async Task StartAsync(FrrConfig config, CancellationToken ct)
    {
        Publish(RoutingState.Starting);
        try
        {
            _running = await launcher.StartAsync(config, ct);
            _startedAt = time.GetTimestamp();
            files.IsChanging = false;
            LogStarted(string.Join(", ", _running.Daemons.Select(d => $"{d.Key} {d.Value.Pid}")));
            Publish(RoutingState.Running);
        }
        catch (Exception e) when (e is RoutingException or IOException or UnauthorizedAccessException)
        {
            // Any failure must be one that is tried again: a full /run now and then must not end us.
            var failure = e as RoutingException ?? Unwritable(e);
            Publish(RoutingState.Failed, failure.Message);
            throw failure;
        }
    }

    private async Task AnswerAsync(RequestBatch batch, CancellationToken ct)
    {
        try
        {
            batch.Answer(batch.Config is { } config ? await DoApplyAsync(config, ct) : await DoStopAsync(ct));
        }
        catch (Exception e) when (e is RoutingException or IOException or UnauthorizedAccessException)
        {
            batch.Refuse(e as RoutingException ?? Unwritable(e));
        }
        catch (OperationCanceledException e)
        {
            batch.Refuse(RequestQueue.Ending(e));
            throw;
        }
    }

    private async Task<ApplyResult> DoApplyAsync(FrrConfig config, CancellationToken ct)
    {
        if (_refused is { } refused && refused.Config == config) throw new RoutingException(refused.Error);
        if (_running is null) return await FirstAsync(config, ct);
        var isKnown = _applied is not null && !files.IsChanging;
        if (isKnown && config == _applied) return new ApplyResult(0, Restarted: false);
        await CheckedAsync(config, ct);
        return isKnown && config.BgpPort == _applied!.BgpPort ? await ByDifferenceAsync(config, ct) : await AnewAsync(config, ct);
    }

    private async Task<ApplyResult> FirstAsync(FrrConfig config, CancellationToken ct)
    {
        if (RoutingPreflight.FindProblems(launcher.Options, config.BgpPort) is { IsEmpty: false } problems)
        {
            Publish(RoutingState.Failed, [.. problems]);
            throw new RoutingException(string.Join(" ", problems));
        }
        await files.PrepareAsync(time, ct);
        await CheckedAsync(config, ct);
        await StartAsync(config, ct);
        Keep(config);
        return new ApplyResult(0, Restarted: true);
    }

    private async Task<ApplyResult> ByDifferenceAsync(FrrConfig config, CancellationToken ct)
    {
        try
        {
            files.IsChanging = true;
            var commands = await applier.ApplyAsync(_applied!, config, ct);
            Keep(config);
            return new ApplyResult(commands, Restarted: false);
        }
        catch (RemovalRefusedException e)
        {
            LogStartsAnew(e.Message);
            return await AnewAsync(config, ct);
        }
        catch (RoutingException e)
        {
            if (await IsDyingAsync(ct)) throw new RoutingException($"FRR ended while it was configured ({e.Message}) and is started again", e);
            LogKeepsLast(e.Message);
            await AnewAsync(_applied!, ct);
            var reason = $"{e.Message}; FRR keeps its last configuration";
            if (IsRefusal(e)) _refused = (config, reason);
            throw new RoutingException(reason, e);
        }
    }

    /// <summary>Whether FRR did not refuse but die: its death is noticed a moment after vtysh failed.</summary>
    private async Task<bool> IsDyingAsync(CancellationToken ct) =>
        await Task.WhenAny(_running!.Ended, Task.Delay(_momentToDie, time, ct)) == _running.Ended;

    /// <summary>Kills and starts FRR, the way in which no packet is lost.</summary>
    private async Task<ApplyResult> AnewAsync(FrrConfig config, CancellationToken ct)
    {
        if (_running is { } old)
        {
            await old.DisposeAsync();
            _running = null;
            await FrrProcesses.KillAsync(old.Daemons.Values, ct);
            await Task.Delay(_delay.After(TimeSpan.MaxValue, Detection), time, ct);
        }
        await StartAsync(config, ct);
        Keep(config);
        return new ApplyResult(0, Restarted: true);
    }

    private async Task CheckedAsync(FrrConfig config, CancellationToken ct)
    {
        try
        {
            await applier.CheckAsync(_running is null ? null : _applied, config, ct);
        }
        catch (RoutingException e)
        {
            if (IsRefusal(e)) _refused = (config, e.Message);
            throw;
        }
    }

    /// <summary>Whether FRR said no, and would again; a failure of the tool (it has a cause) says nothing about the configuration.</summary>
    private static bool IsRefusal(RoutingException e) => e.InnerException is null;

    private static RoutingException Unwritable(Exception cause) => new($"FRR's files cannot be written: {cause.Message}", cause);

    private TimeSpan Detection => TimeSpan.FromMilliseconds(_applied?.BfdDetectionMs ?? 900);

    private void Keep(FrrConfig config)
    {
        files.SaveApplied(config);
        _applied = config;
        _refused = null;
    }

    private async Task<ApplyResult> DoStopAsync(CancellationToken ct)
    {
        if (_running is { } running)
        {
            if (_applied is not null) await applier.TakeLeaveAsync(_applied, ct);
            await running.StopAsync(time, ct);
            await running.DisposeAsync();
        }
        _running = null;
        files.Delete();
        Publish(RoutingState.Stopped);
        return new ApplyResult(0, Restarted: false);
    }

    private void Publish(RoutingState state, params ReadOnlySpan<string> errors) => Publish(state, [.. errors], Current.Restarts);

    private void Publish(RoutingState state, string error, bool restarted) => Publish(state, [error], Current.Restarts + (restarted ? 1 : 0));

    private void Publish(RoutingState state, ImmutableArray<string> errors, int restarts) => _current = new SupervisorState(
        state, errors, [.. FrrDaemon.AnyRelease.Where(d => _running?.Daemons.ContainsKey(d.Name) == true).Select(d => new FrrDaemonStatus(d.Name, _running!.Daemons[d.Name].Pid))], restarts);

    [LoggerMessage(LogLevel.Information, "FRR runs already and was adopted: {Daemons}")]
    private partial void LogAdopted(string daemons);

    [LoggerMessage(LogLevel.Information, "FRR started: {Daemons}")]
    private partial void LogStarted(string daemons);

    [LoggerMessage(LogLevel.Information, "FRR is left running")]
    private partial void LogLeft();

    [LoggerMessage(LogLevel.Warning, "{Daemon} ended; all of FRR starts again after {Delay}")]
    private partial void LogDied(string daemon, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "FRR cannot run: {Reason}")]
    private partial void LogCannotRun(string reason);

    [LoggerMessage(LogLevel.Warning, "A line could not be taken away ({Reason}); FRR starts anew with the new configuration")]
    private partial void LogStartsAnew(string reason);

    [LoggerMessage(LogLevel.Error, "A new configuration could not be applied ({Reason}); FRR starts anew with the last good one")]
    private partial void LogKeepsLast(string reason);
}

/// <summary>What the supervisor shows to others, replaced as a whole.</summary>
internal sealed record SupervisorState(RoutingState State, ImmutableArray<string> Errors, ImmutableArray<FrrDaemonStatus> Daemons, int Restarts)
{
    public static SupervisorState Initial { get; } = new(RoutingState.Waiting, [], [], 0);
}
