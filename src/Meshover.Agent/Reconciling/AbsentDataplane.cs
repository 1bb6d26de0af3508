using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling;

/// <summary>Stands for the data plane where the operator wants none: what a former one left is taken away.</summary>
internal sealed class AbsentDataplane(DataplaneSelection selection, IRouteNetlink netlink) : IReconciler<SystemPlan>
{
    public string Name => "dataplane";

    public async Task<ReconcileReport> ReconcileAsync(SystemPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            var links = netlink.GetLinks();
            await selection.Chosen.ReleaseAsync(links, cancellationToken);
            await selection.Other.ReleaseAsync(links, cancellationToken);
            return new ReconcileReport { State = ComponentState.Off };
        }
        catch (Exception e) when (e is DataplaneException or NetlinkException)
        {
            return new ReconcileReport { State = ComponentState.Degraded, Errors = [e.Message] };
        }
    }
}
