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

    /// <summary>What FRR said at the end of the last pass; null: it did not answer.</summary>
    public RoutingStatus? LastStatus { get; private set; }

    public async Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Routing is null)
            return new ReconcileReport { State = ComponentState.Off };
        try
        {
            var config = FrrRenderer.Render(plan.Routing, FrrTemplateSet.Load(templateDirectory));
            var change = config == _applied ? null : await ApplyAsync(config, cancellationToken);
            var status = await client.GetStatusAsync(cancellationToken);
            if (LacksConfiguration(status))
            {
                change = await ApplyAsync(config, cancellationToken);
                status = await client.GetStatusAsync(cancellationToken);
            }
            LastStatus = status;
            return Report(status, change);
        }
        catch (FrrTemplateException e)
        {
            return Failure(ComponentState.Degraded, e.Message);
        }
        catch (RoutingException e)
        {
            (_applied, LastStatus) = (null, null);
            return Failure(ComponentState.Starting, e.Message);
        }
    }

    /// <summary>After <c>meshover routing</c> was told to stop, or lost its files.</summary>
    private static bool LacksConfiguration(RoutingStatus status) => status.State is RoutingState.Waiting or RoutingState.Stopped;

    private async Task<string?> ApplyAsync(FrrConfig config, CancellationToken cancellationToken)
    {
        var result = await client.ApplyAsync(config, cancellationToken);
        _applied = config;
        return Describe(result);
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
