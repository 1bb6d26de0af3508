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
    private const int MostLogged = 20;

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private NodePlan? _newest;

    /// <summary>Called after each pass, with its plan and reports.</summary>
    public Func<NodePlan, ImmutableArray<ReconcileReport>, CancellationToken, Task>? AfterPass { get; init; }

    /// <summary>Whether two plans say the same to these reconcilers: then the newer one is no reason for a pass.</summary>
    public Func<NodePlan, NodePlan, bool> Same { get; init; } = ReferenceEquals;

    public void Post(NodePlan plan)
    {
        var former = Interlocked.Exchange(ref _newest, plan);
        if (former is null || !Same(former, plan))
            Poke();
    }

    public void Poke() => _wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wait = Timeout.InfiniteTimeSpan;
        ImmutableArray<ReconcileReport> former = [];
        while (true)
        {
            await WaitAsync(wait, cancellationToken);
            if (Volatile.Read(ref _newest) is not { } plan)
                continue;
            var reports = await PassAsync(plan, cancellationToken);
            wait = times.After(reports, former, wait);
            former = reports;
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
            LogChanges(reconciler.Name, report.Changes);
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

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component}: and {Count} more changes")]
    private static partial void LogMore(ILogger logger, string component, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component}: {Change}")]
    private static partial void LogChange(ILogger logger, string component, string change);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Component} failed unexpectedly")]
    private static partial void LogDefect(ILogger logger, string component, Exception exception);
}
