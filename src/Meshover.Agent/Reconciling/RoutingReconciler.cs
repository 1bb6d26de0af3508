using System.Collections.Immutable;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Renders FRR's configuration and hands it to <c>meshover routing</c> when it changed, or when that has none. A template with an
/// error, or with what FRR refuses, changes nothing: the last good configuration goes on running, and the error is shown.
/// </summary>
internal sealed class RoutingReconciler(RoutingClient client, string? templateDirectory, TimeProvider time) : IReconciler
{
    /// <summary>FRR will refuse the same words again, unless what was wrong was not the words; each try costs it a check of the whole.</summary>
    private static readonly TimeSpan RetryRefused = TimeSpan.FromSeconds(15);

    /// <summary>
    /// What is asked for starts vtysh, and in a large mesh bgpd is busy with the answer for a while: while all is right it is asked by time,
    /// and not for each plan.
    /// </summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(10);

    private (RoutingModel Model, FrrConfig Config)? _rendered;
    private FrrConfig? _applied;
    private Refusal? _refused;
    private long _asked;
    private int _owesSourceRoutes;

    public string Name => "routing";

    /// <summary>What FRR said last; null: it did not answer.</summary>
    public RoutingStatus? LastStatus { get; private set; }

    /// <summary>
    /// A node address was away: the kernel has flushed the routes that had it as their source. They are set again in the next pass in which
    /// routing answers, whenever that is.
    /// </summary>
    public void OweSourceRoutes() => Interlocked.Exchange(ref _owesSourceRoutes, 1);

    public async Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Routing is null)
            return new ReconcileReport { State = ComponentState.Off };
        try
        {
            var status = IsToBeAsked() ? await AskAsync(cancellationToken) : LastStatus!;
            var (change, error) = await BringAsync(plan.Routing, status, cancellationToken);
            if (change is not null)
                status = await AskAsync(cancellationToken);
            return Report(status, change, error, await PaySourceRoutesAsync(status, cancellationToken));
        }
        catch (RoutingException e)
        {
            (_applied, _refused, LastStatus) = (null, null, null);
            return new ReconcileReport { State = ComponentState.Starting, Kind = "frr", Errors = [e.Message] };
        }
    }

    private bool IsToBeAsked() =>
        LastStatus is not { State: RoutingState.Running, Errors.IsEmpty: true } || time.GetElapsedTime(_asked) >= AskEvery;

    private async Task<RoutingStatus> AskAsync(CancellationToken cancellationToken)
    {
        LastStatus = await client.GetStatusAsync(cancellationToken);
        _asked = time.GetTimestamp();
        return LastStatus;
    }

    /// <summary>Returns why they are still owed; null where they are not.</summary>
    private async Task<string?> PaySourceRoutesAsync(RoutingStatus status, CancellationToken cancellationToken)
    {
        if (status.State != RoutingState.Running || Interlocked.Exchange(ref _owesSourceRoutes, 0) == 0)
            return null;
        try
        {
            await client.ToggleSourceRouteMapAsync(cancellationToken);
            return null;
        }
        catch (RoutingException e)
        {
            OweSourceRoutes();
            return $"Routes that the kernel removed with the node's address are not set again yet: {e.Message}";
        }
    }

    private async Task<(string? Change, string? Error)> BringAsync(RoutingModel model, RoutingStatus status, CancellationToken cancellationToken)
    {
        try
        {
            var config = Render(model);
            if (config == _applied && !LacksConfiguration(status))
                return (null, null);
            if (status.State == RoutingState.Running && _refused is { } refused && config == refused.Config && time.GetElapsedTime(refused.At) < RetryRefused)
                return (null, refused.Reason);
            return await ApplyAsync(config, isRunning: status.State == RoutingState.Running, cancellationToken);
        }
        catch (Exception e) when (e is FrrTemplateException or ArgumentException)
        {
            // The templates', or what the map has for them: FRR goes on with what it runs.
            return (null, e.Message);
        }
    }

    /// <summary>Once for a model, as it takes half a second for 3,000 neighbours; the operator's templates may change at any time.</summary>
    private FrrConfig Render(RoutingModel model)
    {
        if (templateDirectory is not null)
            return FrrRenderer.Render(model, FrrTemplateSet.Load(templateDirectory));
        if (_rendered is not { } last || !ReferenceEquals(last.Model, model))
            _rendered = last = (model, FrrRenderer.Render(model, FrrTemplateSet.Embedded));
        return last.Config;
    }

    /// <summary>After <c>meshover routing</c> was told to stop, or lost its files.</summary>
    private static bool LacksConfiguration(RoutingStatus status) => status.State is RoutingState.Waiting or RoutingState.Stopped;

    private async Task<(string? Change, string? Error)> ApplyAsync(FrrConfig config, bool isRunning, CancellationToken cancellationToken)
    {
        try
        {
            var result = await client.ApplyAsync(config, cancellationToken);
            (_applied, _refused) = (config, null);
            return (Describe(result), null);
        }
        catch (RoutingException e) when (e.InnerException is null)
        {
            // Refused, not unanswered. FRR runs what it ran before, and that is compared anew when the words are mended.
            var reason = isRunning ? WithAdvice(e.Message) : e.Message;
            (_applied, _refused) = (null, new Refusal(config, reason, time.GetTimestamp()));
            return (null, reason);
        }
    }

    /// <summary>FRR that runs refuses words only, and the built-in templates' are known to be right.</summary>
    private string WithAdvice(string refusal) => templateDirectory is null
        ? refusal
        : $"{refusal.TrimEnd('.')}. FRR keeps its last configuration; correct the templates in {templateDirectory}";

    private static string? Describe(ApplyResult result) => result switch
    {
        { Restarted: true } => "started FRR",
        { Commands: > 0 } => $"changed {result.Commands} lines of FRR's configuration",
        _ => null,
    };

    private static ReconcileReport Report(RoutingStatus status, string? change, params string?[] failures)
    {
        ImmutableArray<string> errors = [.. status.Errors.Concat(failures.OfType<string>()).Distinct(StringComparer.Ordinal)];
        return new ReconcileReport
        {
            State = status.State switch
            {
                RoutingState.Running => errors.IsEmpty ? ComponentState.Ok : ComponentState.Degraded,
                RoutingState.Failed => ComponentState.Failed,
                _ => ComponentState.Starting,
            },
            Kind = status.FrrVersion is null ? "frr" : $"frr {status.FrrVersion}",
            Errors = errors,
            Changes = change is null ? [] : [change],
        };
    }

    private sealed record Refusal(FrrConfig Config, string Reason, long At);
}
