using System.Collections.Immutable;
using System.Threading.Channels;
using Meshover.Mesh.Planning;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Runs reconcilers, one after the other, with the newest plan: when it is new, when poked, and every few seconds anyhow, so that
/// what somebody removed by hand comes back. Plans that come while a pass runs are not queued: the next pass takes the newest.
/// </summary>
internal sealed partial class ReconcileWorker(
    ImmutableArray<IReconciler> reconcilers, ReconcileTimes times, ChannelWriter<AgentInput> inputs, ILogger logger, TimeProvider time)
{
    // The first pass of a large node makes thousands; the journal would drop others' lines for them.
    private const int LoggedChanges = 20;

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private NodePlan? _newest;

    /// <summary>Called after each pass, with its plan and reports.</summary>
    public Func<NodePlan, ImmutableArray<ReconcileReport>, CancellationToken, Task>? AfterPass { get; init; }

    public void Post(NodePlan plan)
    {
        Volatile.Write(ref _newest, plan);
        Poke();
    }

    public void Poke() => _wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wait = Timeout.InfiniteTimeSpan;
        while (true)
        {
            await WaitAsync(wait, cancellationToken);
            if (Volatile.Read(ref _newest) is not { } plan)
                continue;
            var reports = await PassAsync(plan, cancellationToken);
            wait = reports.All(report => report.State is ComponentState.Ok or ComponentState.Off) ? times.WhenRight : times.WhenNot;
            if (AfterPass is not null)
                await AfterPass(plan, reports, cancellationToken);
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

    private async Task<ImmutableArray<ReconcileReport>> PassAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        var reports = ImmutableArray.CreateBuilder<ReconcileReport>(reconcilers.Length);
        foreach (var reconciler in reconcilers)
        {
            var report = await RunOneAsync(reconciler, plan, cancellationToken);
            foreach (var change in report.Changes.Take(LoggedChanges))
                LogChange(logger, reconciler.Name, change);
            if (report.Changes.Length > LoggedChanges)
                LogMoreChanges(logger, reconciler.Name, report.Changes.Length - LoggedChanges);
            await inputs.WriteAsync(new AgentInput.Reconciled(reconciler.Name, report), cancellationToken);
            reports.Add(report);
        }
        return reports.ToImmutable();
    }

    /// <summary>A defect of one reconciler must not stop the others, nor the agent: it is logged whole, shown, and tried again.</summary>
    private async Task<ReconcileReport> RunOneAsync(IReconciler reconciler, NodePlan plan, CancellationToken cancellationToken)
    {
        try
        {
            return await reconciler.ReconcileAsync(plan, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogDefect(logger, reconciler.Name, e);
            return new ReconcileReport { State = ComponentState.Failed, Errors = [$"Unexpected: {e.Message}"] };
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component}: {Change}")]
    private static partial void LogChange(ILogger logger, string component, string change);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component}: and {Count} more changes")]
    private static partial void LogMoreChanges(ILogger logger, string component, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Component} failed unexpectedly")]
    private static partial void LogDefect(ILogger logger, string component, Exception exception);
}

/// <summary>How long a worker waits for a reason before it looks again: while all is right, and while something is not.</summary>
internal sealed record ReconcileTimes(TimeSpan WhenRight, TimeSpan WhenNot);
