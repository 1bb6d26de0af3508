using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Runs reconcilers, one after the other, with the newest plan: when it is new, when poked, and every few seconds anyhow, so that
/// what somebody removed by hand comes back. Plans that come while a pass runs are not queued: the next pass takes the newest.
/// </summary>
/// <typeparam name="TPlan">The part of the node's plan that they work by.</typeparam>
internal sealed partial class ReconcileWorker<TPlan>(
    ImmutableArray<IReconciler<TPlan>> reconcilers, ReconcileTimes times, ChannelWriter<AgentInput> inputs, ILogger logger, TimeProvider time)
    where TPlan : class
{
    private const int MostLogged = 20;

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Pulse _passed = new();
    private Posted? _newest;
    private long _tried;

    /// <summary>What is waited for before a pass.</summary>
    public Func<CancellationToken, Task>? BeforePass { get; init; }

    /// <summary>Called after each pass.</summary>
    public Func<CancellationToken, Task>? AfterPass { get; init; }

    /// <param name="plan">The newest.</param>
    /// <param name="generation">In which what it asks for changed last: where that was posted before, there is no reason for a pass.</param>
    public void Post(TPlan plan, long generation)
    {
        var former = Interlocked.Exchange(ref _newest, new Posted(plan, generation));
        if (former?.Generation != generation)
            Poke();
    }

    /// <summary>Ends when a pass was made with what is posted by now, right or wrong.</summary>
    public async Task WaitForPassAsync(CancellationToken cancellationToken)
    {
        var posted = Volatile.Read(ref _newest)?.Generation ?? 0;
        while (true)
        {
            var passed = _passed.Next;
            if (Interlocked.Read(ref _tried) >= posted)
                return;
            await passed.WaitAsync(cancellationToken);
        }
    }

    public void Poke() => _wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wait = Timeout.InfiniteTimeSpan;
        ImmutableArray<ReconcileReport> former = [];
        while (true)
        {
            await WaitAsync(wait, cancellationToken);
            // Before the wait: what is posted meanwhile has been waited for by nobody, and wakes us again.
            var posted = Volatile.Read(ref _newest);
            if (BeforePass is not null)
                await BeforePass(cancellationToken);
            if (posted is null)
                continue;
            var reports = await PassAsync(posted, cancellationToken);
            Interlocked.Exchange(ref _tried, posted.Generation);
            _passed.Beat();
            wait = times.After(reports, former, wait);
            former = reports;
            if (AfterPass is not null)
                await AfterPass(cancellationToken);
        }
    }

    private async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _wake.Reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task<ImmutableArray<ReconcileReport>> PassAsync(Posted posted, CancellationToken cancellationToken)
    {
        var reports = ImmutableArray.CreateBuilder<ReconcileReport>(reconcilers.Length);
        foreach (var reconciler in reconcilers)
        {
            var report = await RunOneAsync(reconciler, posted.Plan, cancellationToken);
            LogChanges(reconciler.Name, report.Changes);
            await inputs.WriteAsync(new AgentInput.Reconciled(reconciler.Name, report, posted.Generation), cancellationToken);
            reports.Add(report);
        }
        return reports.ToImmutable();
    }

    /// <summary>A defect of one reconciler must not stop the others, nor the agent: it is logged whole, shown, and tried again.</summary>
    private async Task<ReconcileReport> RunOneAsync(IReconciler<TPlan> reconciler, TPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            return (await reconciler.ReconcileAsync(plan, cancellationToken)).Bounded();
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogDefect(logger, reconciler.Name, e);
            return new ReconcileReport { State = ComponentState.Failed, Errors = [$"Unexpected: {e.Message}"] };
        }
    }

    /// <summary>The first pass of a large node makes ten thousand: a log that takes them all has no room for others.</summary>
    private void LogChanges(string component, ImmutableArray<string> changes)
    {
        foreach (var change in changes.Take(MostLogged))
            LogChange(logger, component, change);
        if (changes.Length > MostLogged)
            LogMore(logger, component, changes.Length - MostLogged);
    }

    private sealed record Posted(TPlan Plan, long Generation);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component}: and {Count} more changes")]
    private static partial void LogMore(ILogger logger, string component, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component}: {Change}")]
    private static partial void LogChange(ILogger logger, string component, string change);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Component} failed unexpectedly")]
    private static partial void LogDefect(ILogger logger, string component, Exception exception);
}
