using System.Collections.Immutable;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Diagnosing;

/// <summary>What FRR or the data plane does not say for a moment is as it was: a finding is over when it is seen not to be so, and not when nobody can look.</summary>
internal static class HeldFindings
{
    private static readonly FindingKind[] OfRoutes = [FindingKinds.NeighborDown, FindingKinds.RouteShadowed, FindingKinds.RouteNotInstalled];
    private static readonly FindingKind[] OfDataplane = [FindingKinds.KeyDiffers, FindingKinds.PathMtu];

    /// <param name="found">Of the state.</param>
    /// <param name="state">With what was found last. O(that), and O(nodes) where something is held.</param>
    public static ImmutableArray<Finding> With(ImmutableArray<Finding> found, AgentState state)
    {
        var unread = state.Findings.Where(finding => IsUnread(finding.Kind, state)).ToList();
        if (unread.Count == 0)
            return found;
        var members = state.Map?.Nodes.Values.Select(node => node.HostName).ToHashSet(StringComparer.Ordinal) ?? [];
        return [.. found.Concat(unread.Where(finding => IsStillThere(finding, state, members))).DistinctBy(finding => finding.Key)];
    }

    /// <summary>Whether it is a link that it is about.</summary>
    public static bool IsOfALink(FindingKind kind) => kind == FindingKinds.PeerOff || kind == FindingKinds.PeerUnreached || kind == FindingKinds.NoDirectPath
        || kind == FindingKinds.TunnelOneWay || kind == FindingKinds.BgpDown;

    private static bool IsUnread(FindingKind kind, AgentState state)
    {
        if (state.Plan is not { } plan)
            return false;
        if (OfRoutes.Contains(kind))
            return plan.Routing is not null && state.RoutingRead is not { State: RoutingState.Running };
        return OfDataplane.Contains(kind) ? state.Dataplane is null : (IsOfALink(kind) || kind == FindingKinds.UnderlayCut) && !LinkStanding.AreKnown(state);
    }

    /// <summary>A peer that left the mesh, or a neighbour that was taken out of the settings, is nobody's any more.</summary>
    private static bool IsStillThere(Finding finding, AgentState state, HashSet<string> members)
    {
        if (finding.Kind == FindingKinds.NeighborDown)
            return state.Plan?.Routing?.ExternalNeighbors.Any(neighbor => neighbor.Name == finding.Subject) == true;
        return !(IsOfALink(finding.Kind) || finding.Kind == FindingKinds.PathMtu) || members.Contains(finding.Subject);
    }
}
