using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Map;
using Meshover.Mesh.Topology;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reporting;

/// <summary>Why a link is not up; the numbers are those of the contract.</summary>
internal enum LinkReason
{
    /// <summary>It is up.</summary>
    None = 0,

    /// <summary>The peer answers at none of its endpoints.</summary>
    NoAnswer = 1,

    /// <summary>The tunnel is up, BGP is not.</summary>
    NoSession = 2,

    /// <summary>By what the map says the two cannot meet.</summary>
    NoDirectPath = 3,
}

/// <summary>One link as this node sees it. What makes a path direct in <c>meshover status</c> makes it up here.</summary>
/// <param name="Peer">At its other end.</param>
/// <param name="Engine">Null: the data plane does not have it (yet).</param>
/// <param name="Bgp">Null: FRR does not have it, does not run, or was not read.</param>
/// <param name="Reason">Why it is not up.</param>
internal readonly record struct LinkStanding(MeshNode Peer, PeerStatus? Engine, NeighborStatus? Bgp, LinkReason Reason)
{
    public const string Established = "Established";

    public bool IsUp => Reason == LinkReason.None;

    /// <summary>The peer was heard of within the time that an endpoint counts as working.</summary>
    public bool IsHeard => WasHeard(Engine);

    /// <summary>Whether the data plane, and FRR where it is wanted, say enough for a link to be called up or not.</summary>
    public static bool AreKnown(AgentState state) => state is { Plan: { } plan, Map: not null, Dataplane: not null } && (plan.Routing is null || state.RoutingRead is not null);

    /// <summary>Each link of the plan whose peer is in the map, in the plan's order; without FRR's word of a session, a peer that is heard counts as up. O(n).</summary>
    public static List<LinkStanding> Of(AgentState state)
    {
        if (state is not { Plan: { } plan, Map: { } map })
            return [];
        var engine = PeerStatuses.Of(state.Dataplane);
        var bgp = (state.RoutingRead?.Neighbors ?? []).ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        var me = map.Nodes.GetValueOrDefault(plan.Self);
        var isBgpJudged = plan.Routing is not null && state.RoutingRead is not null;
        var links = new List<LinkStanding>(plan.WireGuard.Peers.Length);
        foreach (var peer in plan.WireGuard.Peers)
        {
            if (map.Nodes.TryGetValue(peer.Node, out var node))
                links.Add(Of(me, node, engine.Find(peer), bgp.GetValueOrDefault(node.Id.LinkName), isBgpJudged));
        }
        return links;
    }

    private static LinkStanding Of(MeshNode? me, MeshNode peer, PeerStatus? engine, NeighborStatus? bgp, bool isBgpJudged)
    {
        var reason = WasHeard(engine)
            ? !isBgpJudged || bgp is { BgpState: Established } ? LinkReason.None : LinkReason.NoSession
            : me is null || !PathFinder.IsDirect(me, peer) ? LinkReason.NoDirectPath : LinkReason.NoAnswer;
        return new LinkStanding(peer, engine, bgp, reason);
    }

    private static bool WasHeard(PeerStatus? engine) =>
        engine is { LastReceiveAgeMs: >= 0 } && engine.LastReceiveAgeMs < EndpointChooser.WorkingFor.TotalMilliseconds;
}
