using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Renders FRR's configuration and hands it to <c>meshover routing</c> when it changed, or when that has none. A template with an
/// error changes nothing: the last good configuration goes on running, and the error is shown.
/// </summary>
internal sealed class RoutingReconciler(RoutingClient client, string? templateDirectory) : IReconciler
{
    private FrrConfig? _applied;

    public string Name => "routing";

    public async Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Routing is null)
            return new ReconcileReport { State = ComponentState.Off };
        try
        {
            var config = FrrRenderer.Render(plan.Routing, FrrTemplateSet.Load(templateDirectory));
            var status = await client.GetStatusAsync(cancellationToken);
            var isMissing = status.State is RoutingState.Waiting or RoutingState.Stopped;
            if (config == _applied && !isMissing)
                return Report(status, change: null);
            var result = await client.ApplyAsync(config, cancellationToken);
            _applied = config;
            return Report(await client.GetStatusAsync(cancellationToken), Describe(result));
        }
        catch (FrrTemplateException e)
        {
            return Failure(ComponentState.Degraded, e.Message);
        }
        catch (RoutingException e)
        {
            _applied = null;
            return Failure(ComponentState.Starting, e.Message);
        }
    }

    private static string? Describe(ApplyResult result) => result switch
    {
        { Restarted: true } => "started FRR",
        { Commands: > 0 } => $"changed {result.Commands} lines of FRR's configuration",
        _ => null,
    };

    private static ReconcileReport Report(RoutingStatus status, string? change) => new()
    {
        State = status.State switch
        {
            RoutingState.Running => status.Errors.IsEmpty ? ComponentState.Ok : ComponentState.Degraded,
            RoutingState.Failed => ComponentState.Failed,
            _ => ComponentState.Starting,
        },
        Kind = status.FrrVersion is null ? "frr" : $"frr {status.FrrVersion}",
        Errors = status.Errors,
        Changes = change is null ? [] : [change],
    };

    private static ReconcileReport Failure(ComponentState state, string error) => new() { State = state, Kind = "frr", Errors = [error] };
}
