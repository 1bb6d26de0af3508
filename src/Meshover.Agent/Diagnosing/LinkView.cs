using System.Net;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Map;
using Meshover.Mesh.Topology;

namespace Meshover.Agent.Diagnosing;

/// <summary>How a link is, and why it is not up.</summary>
/// <param name="Peer">At its other end.</param>
/// <param name="EndPoint">Where the peer's WireGuard is called; null: nowhere.</param>
/// <param name="HeardAge">Since anything of the peer was heard; null: never.</param>
/// <param name="Cause">Null: it is up.</param>
internal sealed record LinkView(MeshNode Peer, IPEndPoint? EndPoint, TimeSpan? HeardAge, FindingKind? Cause)
{
    /// <summary>
    /// So long a peer may be silent whose session BFD has given up: BFD alone is several packets a second in a small mesh, and one each 6 s at 3,000 nodes.
    /// </summary>
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(5);

    /// <summary>An echo is answered within that, or it is lost.</summary>
    internal static readonly TimeSpan EchoPatience = TimeSpan.FromSeconds(1.5);

    public bool IsUp => Cause is null;

    /// <summary>Each link, in the plan's order; none where too little is known to call one up or not. O(n).</summary>
    /// <param name="state">With the routed addresses, where some link is not up.</param>
    /// <param name="unanswered">For how long echoes over the link to a peer have not been answered; null: they are.</param>
    /// <param name="now">By the wall clock.</param>
    public static List<LinkView> Of(AgentState state, Func<Mesh.Identity.NodeId, TimeSpan?> unanswered, DateTimeOffset now)
    {
        if (!LinkStanding.AreKnown(state))
            return [];
        var links = LinkStanding.Of(state);
        var since = now > state.DataplaneSeenAt ? now - state.DataplaneSeenAt : TimeSpan.Zero;
        var isAnyHeard = links.Exists(link => Age(link, since) < Silent);
        var me = Summariser.Self(state);
        return links.ConvertAll(link => new LinkView(link.Peer, link.Engine?.Endpoint, Age(link, since), Cause(link, Age(link, since))));

        FindingKind? Cause(LinkStanding link, TimeSpan? age)
        {
            if (link.IsUp)
                return null;
            if (age < Silent)
                return unanswered(link.Peer.Id) > EchoPatience ? FindingKinds.TunnelOneWay : FindingKinds.BgpDown;
            if (me is not null && !PathFinder.IsDirect(me, link.Peer))
                return FindingKinds.NoDirectPath;
            if (state.Routed.Contains(link.Peer.Address4) || state.Routed.Contains(link.Peer.Address6))
                return FindingKinds.PeerUnreached;
            return isAnyHeard ? FindingKinds.PeerOff : FindingKinds.UnderlayCut;
        }
    }

    private static TimeSpan? Age(LinkStanding link, TimeSpan since) =>
        link.Engine is { LastReceiveAgeMs: >= 0 } engine ? TimeSpan.FromMilliseconds(engine.LastReceiveAgeMs) + since : null;
}
