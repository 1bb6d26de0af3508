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

    /// <summary>So long a peer may never have been heard after the data plane was first: three calls of WireGuard's, which are 5 s apart.</summary>
    internal static readonly TimeSpan Awaited = TimeSpan.FromSeconds(15);

    /// <summary>An echo is answered within that, or it is lost.</summary>
    internal static readonly TimeSpan EchoPatience = TimeSpan.FromSeconds(1.5);

    public bool IsUp => Cause is null;

    /// <summary>The first handshake may be under way: that it is not up is no fault yet.</summary>
    public bool IsAwaited { get; private init; }

    /// <summary>Each link, in the plan's order; none where too little is known to call one up or not. O(n).</summary>
    /// <param name="state">With the routed addresses, where some link is not up.</param>
    /// <param name="unanswered">For how long echoes over the link to a peer have not been answered; null: they are.</param>
    /// <param name="now">By the wall clock.</param>
    /// <param name="uptime">By <see cref="UptimeExtensions.Uptime"/>.</param>
    public static List<LinkView> Of(AgentState state, Func<Mesh.Identity.NodeId, TimeSpan?> unanswered, DateTimeOffset now, TimeSpan uptime)
    {
        if (!LinkStanding.AreKnown(state))
            return [];
        var links = LinkStanding.Of(state);
        var since = now > state.DataplaneSeenAt ? now - state.DataplaneSeenAt : TimeSpan.Zero;
        var isEarly = state.DataplaneKnownSince is not { } known || uptime - known < Awaited;
        var me = Summariser.Self(state);
        var isCut = IsCut();
        return links.ConvertAll(link => new LinkView(link.Peer, link.Engine?.Endpoint, Age(link, since), Cause(link, Age(link, since)))
        {
            IsAwaited = !link.IsUp && isEarly && Age(link, since) is null,
        });

        bool IsDirect(LinkStanding link) => me is null || PathFinder.IsDirect(me, link.Peer);

        // One peer alone may as well be off, and of those that were never heard yet nothing is known.
        bool IsCut()
        {
            var called = links.FindAll(IsDirect);
            return called.Count > 1 && called.TrueForAll(link => Age(link, since) is { } age ? age >= Silent : !isEarly);
        }

        FindingKind? Cause(LinkStanding link, TimeSpan? age)
        {
            if (link.IsUp)
                return null;
            if (age < Silent)
                return unanswered(link.Peer.Id) > EchoPatience ? FindingKinds.TunnelOneWay : FindingKinds.BgpDown;
            if (!IsDirect(link))
                return FindingKinds.NoDirectPath;
            if (state.Routed.Contains(link.Peer.Address4) || state.Routed.Contains(link.Peer.Address6))
                return FindingKinds.PeerUnreached;
            return isCut ? FindingKinds.UnderlayCut : FindingKinds.PeerOff;
        }
    }

    private static TimeSpan? Age(LinkStanding link, TimeSpan since) =>
        link.Engine is { LastReceiveAgeMs: >= 0 } engine ? TimeSpan.FromMilliseconds(engine.LastReceiveAgeMs) + since : null;
}
