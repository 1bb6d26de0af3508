using System.Collections.Immutable;
using System.Threading.Channels;
using Meshover.Mesh.Findings;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Owns FRR. One loop does everything that changes something: requests come through a channel, the death of a daemon and the time to
/// try again wake it too. What others may read is published whole in <see cref="Current"/>.
/// </summary>
internal sealed partial class FrrSupervisor(
    FrrLauncher launcher, FrrFiles files, ConfigApplier applier, ReadyCheck ready, Func<Task<bool>> isMachineStopping, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _tryAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _momentToDie = TimeSpan.FromMilliseconds(200);

    private readonly RequestQueue _requests = new();
    private readonly Channel<LapseRequest> _lapses = Channel.CreateBounded<LapseRequest>(1);
    private readonly RestartDelay _delay = new();
    private readonly RefusalMemory _refusals = new(time);

    /// <summary>What FRR runs, or is to be started with: the last good one.</summary>
    private volatile FrrConfig? _applied;
    private FrrProcesses? _running;
    private long _startedAt;

    /// <summary>How often FRR has ended running, without having lived well in between.</summary>
    private volatile int _deaths;
    private volatile SupervisorState _current = SupervisorState.Initial;

    public SupervisorState Current => _current;

    /// <summary>What FRR runs, as far as is known.</summary>
    public FrrConfig? Applied => _applied;

    /// <summary>It has ended again and again, and what runs now has yet to show that it stays.</summary>
    public bool IsUnsteady => _deaths > 1 && time.GetElapsedTime(Volatile.Read(ref _startedAt)) < RestartDelay.Healthy;

    /// <summary>Makes FRR run this configuration.</summary>
    /// <exception cref="RoutingException">Refused, or FRR cannot run.</exception>
    public Task<ApplyResult> ApplyAsync(FrrConfig config, CancellationToken ct) => _requests.AskAsync(config, ct);

    /// <summary>Takes back what is leased of what FRR runs by then: in the loop's turn, so that no newer configuration is overwritten.</summary>
    /// <param name="isDue">Asked once more in that turn.</param>
    /// <returns>The configuration of which it was taken back; null: it was not due any more, or nothing is leased.</returns>
    /// <exception cref="RoutingException">FRR does not take it.</exception>
    public async Task<FrrConfig?> LapseAsync(Func<bool> isDue, CancellationToken ct)
    {
        var request = new LapseRequest(isDue);
        await _lapses.Writer.WriteAsync(request, ct);
        return await request.Done.Task.WaitAsync(ct);
    }

    /// <summary>How long FRR has run; zero where it does not. What was adopted has run for long.</summary>
    public TimeSpan RunsFor => Current.State == RoutingState.Running ? time.GetElapsedTime(Volatile.Read(ref _startedAt)) : TimeSpan.Zero;

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
            await LeaveAsync();
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
        if (_running is not null) await AdoptedAsync(ct);
        if (_running is null && _applied is not null) await TryStartAsync(ct);
    }

    /// <summary>What was found may read its files yet, or hang.</summary>
    private async Task AdoptedAsync(CancellationToken ct)
    {
        LogAdopted(string.Join(", ", _running!.Daemons.Select(d => $"{d.Key} {d.Value.Pid}")));
        try
        {
            await ready.WaitAsync(_running!, _applied ?? new FrrConfig("", "", ""), ct);
            Publish(RoutingState.Running);
        }
        catch (RoutingException e)
        {
            LogCannotRun(e.Message);
            await KillAsync(ct);
        }
    }

    /// <summary>FRR goes on without us, unless the machine ends: then neighbours are told, as FRR itself would end without a word.</summary>
    private async Task LeaveAsync()
    {
        LogLeft();
        if (_running is null || _applied is null || !await isMachineStopping()) return;
        files.IsChanging = true; // should the machine not end, FRR is started anew by whoever adopts it
        await applier.TakeLeaveAsync(_applied, CancellationToken.None);
    }

    /// <summary>Waits for what comes first: a request, a daemon's death, or the time to try again.</summary>
    private async Task StepAsync(CancellationToken ct)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var request = _requests.WaitAsync(waiting.Token);
        var death = _running?.Ended ?? Task.Delay(_applied is null ? Timeout.InfiniteTimeSpan : _tryAgain, time, waiting.Token);
        await Task.WhenAny(request, death, _lapses.Reader.WaitToReadAsync(waiting.Token).AsTask());
        await waiting.CancelAsync();
        ct.ThrowIfCancellationRequested();
        if (_running is { Ended.IsCompleted: true }) await ReviveAsync(await _running.Ended, ct);
        else if (_running is null && _applied is not null && death.IsCompletedSuccessfully) await TryStartAsync(ct);
        while (_requests.TryTake(out var batch)) await AnswerAsync(batch, ct);
        if (_lapses.Reader.TryRead(out var lapse)) await LapseAsync(lapse, ct);
    }

    private async Task LapseAsync(LapseRequest lapse, CancellationToken ct)
    {
        try
        {
            var leased = _applied is { Leased.IsEmpty: false } applied && lapse.IsDue() ? applied : null;
            if (leased is not null) await DoApplyAsync(leased.WithoutLeased(), ct);
            lapse.Done.TrySetResult(leased);
        }
        catch (Exception e) when (e is RoutingException or IOException or UnauthorizedAccessException)
        {
            lapse.Done.TrySetException(e as RoutingException ?? Unwritable(e));
        }
    }

    private sealed record LapseRequest(Func<bool> IsDue)
    {
        public TaskCompletionSource<FrrConfig?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private async Task ReviveAsync(string died, CancellationToken ct)
    {
        await _running!.DisposeAsync();
        _running = null;
        var lived = time.GetElapsedTime(_startedAt);
        _deaths = lived >= RestartDelay.Healthy ? 1 : _deaths + 1;
        var delay = _delay.After(lived, Detection);
        LogDied(died, delay);
        _current = _current with { Restarts = _current.Restarts + 1 };
        Publish(RoutingState.Starting, new Finding(DeathKind, "",
            $"{died} ended and all of FRR is being restarted: {files.LastLogLine(FrrDaemon.Named(died))}"));
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

    /// <summary>Starts FRR with this configuration, which it then runs and is known to run.</summary>
    private async Task StartAsync(FrrConfig config, CancellationToken ct)
    {
        Publish(RoutingState.Starting, IsUnsteady ? [.. Current.Findings.Where(finding => finding.Kind == FindingKinds.FrrKeepsDying)] : []);
        _refusals.ForgetWords();
        try
        {
            await files.PrepareRootAsync(time, ct);
            files.IsChanging = true; // until what runs is written down
            await LaunchAsync(config, ct);
            Keep(config);
            LogStarted(string.Join(", ", _running!.Daemons.Select(d => $"{d.Key} {d.Value.Pid}")));
            Publish(RoutingState.Running);
        }
        catch (Exception e) when (e is RoutingException or IOException or UnauthorizedAccessException)
        {
            // Any failure must be one that is tried again: a full /run now and then must not end us.
            var failure = e as RoutingException ?? Unwritable(e);
            if (failure.Kind == FindingKinds.FrrRestarting) _deaths++; // one ended before all were ready
            Publish(RoutingState.Failed, new Finding(failure.Kind == FindingKinds.FrrRestarting ? DeathKind : failure.Kind ?? FindingKinds.FrrFailed, "", failure.Message));
            throw failure;
        }
    }

    private async Task LaunchAsync(FrrConfig config, CancellationToken ct)
    {
        _running = await launcher.StartAsync(config, ct);
        _startedAt = time.GetTimestamp();
        try
        {
            await ready.WaitAsync(_running, config, ct);
        }
        catch (RoutingException)
        {
            await KillAsync(ct);
            throw;
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
        catch (Exception e)
        {
            // We end, told to or by a defect: whoever waits must not wait for ever, and keep us from ending.
            batch.Refuse(RequestQueue.Ending(e));
            throw;
        }
    }

    /// <summary>While a place is refused, what else has changed goes to FRR where it runs: what is no longer granted must not wait for an engine.</summary>
    private async Task<ApplyResult> DoApplyAsync(FrrConfig config, CancellationToken ct)
    {
        try
        {
            return await DecideAsync(config, ct);
        }
        catch (RoutingException) when (_running is not null && _applied is { } applied && applied.Backend != config.Backend)
        {
            try
            {
                await DecideAsync(config with { Backend = applied.Backend }, ct);
            }
            catch (RoutingException e)
            {
                LogNotAppliedHere(e.Message); // the place's refusal comes first
            }
            throw;
        }
    }

    private async Task<ApplyResult> DecideAsync(FrrConfig config, CancellationToken ct)
    {
        var now = new FrrSituation(_running is not null, _applied, files.IsChanging, _refusals.Recall(config, _running is not null));
        switch (ApplyDecision.For(config, now))
        {
            case ApplyStep.Nothing: return new ApplyResult(0, Restarted: false);
            case ApplyStep.Refuse: throw new RoutingException(now.Refusal!);
            case ApplyStep.Start: return await FirstAsync(config, ct);
            case ApplyStep.Difference: return await ByDifferenceAsync(config, ct);
            default: return await AnewAsync(config, ct);
        }
    }

    private async Task<ApplyResult> FirstAsync(FrrConfig config, CancellationToken ct)
    {
        if (await launcher.FindProblemsAsync(config, ct) is { IsEmpty: false } problems)
        {
            Publish(RoutingState.Failed, [.. problems]);
            throw new RoutingException(string.Join(" ", problems)) { Kind = problems[0].Kind };
        }
        try
        {
            files.Owner = (await launcher.PrepareAsync(config.Backend, ct)).Owner;
        }
        catch (RoutingException e)
        {
            Publish(RoutingState.Failed, new Finding(e.Kind ?? FindingKinds.FrrFailed, "", e.Message));
            throw;
        }
        await files.PrepareAsync(time, ct);
        await MakeReadyAsync(config, ct);
        await StartAsync(config, ct);
        return new ApplyResult(0, Restarted: true);
    }

    /// <summary>Makes ready where it is to run, and checks its words there. Nothing that runs is touched.</summary>
    private async Task MakeReadyAsync(FrrConfig config, CancellationToken ct)
    {
        var home = await launcher.PrepareAsync(config.Backend, ct);
        try
        {
            await CheckedAsync(config, home, ct);
        }
        catch
        {
            await launcher.DropPreparedAsync(CancellationToken.None);
            throw;
        }
    }

    private async Task<ApplyResult> ByDifferenceAsync(FrrConfig config, CancellationToken ct)
    {
        await CheckedAsync(config, home: null, ct);
        try
        {
            files.IsChanging = true;
            var commands = await applier.ApplyAsync(_applied!, config, ct);
            Keep(config);
            return new ApplyResult(commands, Restarted: false);
        }
        catch (Exception e) when (e is RemovalRefusedException or RoutingException)
        {
            return await AfterFailureAsync(config, e, await KindAsync(e, ct), ct);
        }
    }

    private async Task<ApplyFailure> KindAsync(Exception failure, CancellationToken ct) => failure switch
    {
        _ when await IsDyingAsync(ct) => ApplyFailure.Died,
        RemovalRefusedException => ApplyFailure.RemovalRefused,
        RoutingException e when IsRefusal(e) => ApplyFailure.Refused,
        _ => ApplyFailure.ToolFailed,
    };

    private async Task<ApplyResult> AfterFailureAsync(FrrConfig config, Exception failure, ApplyFailure kind, CancellationToken ct)
    {
        switch (ApplyDecision.After(kind))
        {
            case AfterFailure.Forward:
                LogStartsAnew(failure.Message);
                return await AnewAsync(config, ct);
            case AfterFailure.Back:
                LogKeepsLast(failure.Message);
                await AnewAsync(_applied!, ct);
                var reason = $"{failure.Message}; FRR keeps its last configuration";
                _refusals.RememberDaemons(config, reason);
                throw new RoutingException(reason, failure);
            default:
                throw new RoutingException($"FRR ended while it was being configured ({failure.Message}) and is being restarted", failure);
        }
    }

    /// <summary>Whether FRR did not refuse but die: its death is noticed a moment after vtysh failed.</summary>
    private async Task<bool> IsDyingAsync(CancellationToken ct) =>
        await Task.WhenAny(_running!.Ended, Task.Delay(_momentToDie, time, ct)) == _running.Ended;

    /// <summary>Kills and starts FRR, the way in which no packet is lost. What would keep it from starting is found before.</summary>
    private async Task<ApplyResult> AnewAsync(FrrConfig config, CancellationToken ct)
    {
        if (_running is not null)
        {
            if (await launcher.FindProblemsAsync(config, ct) is { IsEmpty: false } problems)
                throw new RoutingException(string.Join(" ", problems)) { Kind = problems[0].Kind };
            await MakeReadyAsync(config, ct);
            files.WriteTexts(config, (await launcher.PrepareAsync(config.Backend, ct)).Features);
            files.IsChanging = true;
            await KillAsync(ct);
            await Task.Delay(_delay.After(TimeSpan.MaxValue, Detection), time, ct);
        }
        await StartOrGoBackAsync(config, ct);
        return new ApplyResult(0, Restarted: true);
    }

    /// <summary>A place in which FRR does not start after all is left again. That counts as a refusal of it: FRR is not moved to and fro.</summary>
    private async Task StartOrGoBackAsync(FrrConfig config, CancellationToken ct)
    {
        RoutingException failure;
        try
        {
            await StartAsync(config, ct);
            return;
        }
        catch (RoutingException e) when (_applied is { } former && former.Backend != config.Backend)
        {
            failure = e;
        }
        _refusals.RememberPlace(config, failure.Message);
        try
        {
            await StartAsync(_applied, ct);
        }
        catch (RoutingException e)
        {
            throw new RoutingException($"{failure.Message}; nor does FRR start where it ran before: {e.Message}", e) { Kind = failure.Kind };
        }
        throw new RoutingException($"{failure.Message}; FRR goes on where it ran before") { Kind = failure.Kind };
    }

    private async Task KillAsync(CancellationToken ct)
    {
        var old = _running!;
        _running = null;
        await old.DisposeAsync();
        await FrrProcesses.KillAsync(old.Daemons.Values, ct);
    }

    private async Task CheckedAsync(FrrConfig config, IFrrHome? home, CancellationToken ct)
    {
        try
        {
            // Elsewhere, or of another release, words that FRR runs may be wrong.
            await applier.CheckAsync(home is null ? _applied : null, config, home, ct);
        }
        catch (RoutingException e)
        {
            // Elsewhere another FRR may be put in its place at any time, as an image under the same name.
            if (IsRefusal(e) && (home is null || config.Backend == _applied?.Backend)) _refusals.RememberWords(config, e.Message);
            else if (IsRefusal(e)) _refusals.RememberDaemons(config, e.Message);
            throw;
        }
    }

    /// <summary>Whether FRR said no; a failure of the tool (it has a cause) says nothing about the configuration.</summary>
    private static bool IsRefusal(RoutingException e) => e.InnerException is null;

    private static RoutingException Unwritable(Exception cause) => new($"FRR's files cannot be written: {cause.Message}", cause);

    private FindingKind DeathKind => _deaths > 1 ? FindingKinds.FrrKeepsDying : FindingKinds.FrrRestarting;

    private TimeSpan Detection => TimeSpan.FromMilliseconds(_applied?.BfdDetectionMs ?? 900);

    private void Keep(FrrConfig config)
    {
        files.SaveApplied(config);
        _applied = config;
        _refusals.Forget(config);
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
        Publish(RoutingState.Stopped);
        try
        {
            await launcher.ClearAsync(ct);
        }
        finally
        {
            files.Delete();
        }
        return new ApplyResult(0, Restarted: false);
    }

    private void Publish(RoutingState state, params ReadOnlySpan<Finding> findings) => _current = _current.Become(state, [.. findings], _running);

    [LoggerMessage(LogLevel.Information, "FRR was already running and was adopted: {Daemons}")]
    private partial void LogAdopted(string daemons);

    [LoggerMessage(LogLevel.Information, "FRR started: {Daemons}")]
    private partial void LogStarted(string daemons);

    [LoggerMessage(LogLevel.Information, "FRR is left running")]
    private partial void LogLeft();

    [LoggerMessage(LogLevel.Warning, "{Daemon} ended; all of FRR restarts after {Delay}")]
    private partial void LogDied(string daemon, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "FRR cannot run: {Reason}")]
    private partial void LogCannotRun(string reason);

    [LoggerMessage(LogLevel.Warning, "A change could not be applied ({Reason}); restarting FRR with the new configuration")]
    private partial void LogStartsAnew(string reason);

    [LoggerMessage(LogLevel.Warning, "Where FRR runs the configuration could not be applied either: {Reason}")]
    private partial void LogNotAppliedHere(string reason);

    [LoggerMessage(LogLevel.Error, "A new configuration could not be applied ({Reason}); restarting FRR with the last good one")]
    private partial void LogKeepsLast(string reason);
}
