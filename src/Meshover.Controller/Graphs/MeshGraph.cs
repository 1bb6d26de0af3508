using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Meshover.Controller.Live;
using Meshover.Controller.State;

namespace Meshover.Controller.Graphs;

/// <summary>Of so many links, how many are in each state.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkShares(long Up, long Indirect, long NotUp, long Unknown)
{
    /// <summary>Those that are up among those that could be and of which it is known; NaN where there are none.</summary>
    public double UpShare => Up + NotUp == 0 ? double.NaN : (double)Up / (Up + NotUp);

    /// <summary>Each between 0 and 1, and together 1.</summary>
    public (double Up, double Indirect, double NotUp, double Unknown) Arcs()
    {
        var all = (double)(Up + Indirect + NotUp + Unknown);
        if (all == 0)
            return (0, 0, 0, 1);
        var (up, indirect, notUp) = (Up / all, Indirect / all, NotUp / all);
        return (up, indirect, notUp, Math.Max(0, 1 - up - indirect - notUp));
    }

    public static LinkShares operator -(LinkShares a, LinkShares b) => new(a.Up - b.Up, a.Indirect - b.Indirect, a.NotUp - b.NotUp, a.Unknown - b.Unknown);

    public static LinkShares operator *(LinkShares a, long times) => new(a.Up * times, a.Indirect * times, a.NotUp * times, a.Unknown * times);

    public static LinkShares operator +(LinkShares a, LinkShares b) => new(a.Up + b.Up, a.Indirect + b.Indirect, a.NotUp + b.NotUp, a.Unknown + b.Unknown);

    public static LinkShares Of(LinkState state) => new(
        state == LinkState.Up ? 1 : 0, state == LinkState.Indirect ? 1 : 0, state == LinkState.NotUp ? 1 : 0, state == LinkState.Unknown ? 1 : 0);
}

/// <summary>A node of the graph: a member of the mesh, or a group of them.</summary>
/// <param name="Id">Stays the same for as long as the member, or the group, is there.</param>
/// <param name="Title">Its name.</param>
/// <param name="Subtitle">A member's site, or how many a group has.</param>
/// <param name="State">In a word or two.</param>
/// <param name="Links">Of the member; of a group, of all its members.</param>
/// <param name="Members">One, or the group's.</param>
internal sealed record GraphNode(string Id, string Title, string Subtitle, string State, LinkShares Links, ImmutableArray<GraphMember> Members);

/// <summary>A link, or all those between two groups.</summary>
internal sealed record GraphEdge(string Source, string Target, LinkShares Links, string State, TimeSpan? Rtt)
{
    public string Id => $"{Source}-{Target}";
}

/// <summary>
/// The mesh as a graph that can be looked at. Of n members up to <see cref="AllLinks"/> all links are in it; beyond that those of transit nodes, and those
/// that are not up; beyond <see cref="MostMembers"/> members are grouped by site, or by their first tag. Both ends of each edge are among the nodes. Pure.
/// </summary>
internal sealed record MeshGraph(ImmutableArray<GraphNode> Nodes, ImmutableArray<GraphEdge> Edges)
{
    public const int AllLinks = 64;
    public const int MostMembers = 200;
    public const int MostEdges = 4_000;

    public static MeshGraph Of(MeshState mesh, LiveState live, TimeSpan now) => Of(Members(mesh, live, now));

    public static MeshGraph Of(ImmutableArray<GraphMember> members) => members.Length <= MostMembers ? OfMembers(members) : GroupedGraph.Of(members);

    /// <summary>By id.</summary>
    public static ImmutableArray<GraphMember> Members(MeshState mesh, LiveState live, TimeSpan now) =>
    [
        .. mesh.Nodes.Values.Where(node => node.IsActive).Select(node =>
        {
            var heard = live.Node(node.Record.Id);
            return new GraphMember(node.Record.Id, node.Record.HostName, SiteOf(node), node.Reach.Transit,
                DateTimeOffset.FromUnixTimeSeconds(node.Record.Enrolled), NodeStates.Of(heard, now), heard);
        }),
    ];

    /// <summary>What a member's own summary says of its links; all are unknown where it says nothing.</summary>
    public static LinkShares LinksOf(GraphMember member, int members) => member.Speaks is { NotUp: { } down } health
        ? new LinkShares(health.LinksUp ?? 0, down.NoDirectPath, down.NoAnswer + down.NoSession, 0)
        : new LinkShares(0, 0, 0, Math.Max(1, members - 1));

    public static string Word(NodeState state) => state switch
    {
        NodeState.Ok => "ok",
        NodeState.Starting => "starting",
        NodeState.Degraded => "degraded",
        NodeState.Lost => "lost",
        _ => "unknown",
    };

    /// <summary>With what was known of it before, where that is all.</summary>
    internal static string Word(GraphMember member) => member is { State: NodeState.Unknown, LastKnown: { } known and not NodeState.Unknown }
        ? $"{Word(member.State)}, was {Word(known)}" : Word(member.State);

    private static MeshGraph OfMembers(ImmutableArray<GraphMember> members)
    {
        var nodes = members.Select(member => new GraphNode(IdOf(member), member.HostName, member.Site, Word(member), LinksOf(member, members.Length), [member]));
        // Where many nodes are off their links are many: those of transit nodes are what the mesh hangs on.
        var drawn = Drawn(members, UnlistedLinks.Of(members)).OrderByDescending(link => link.IsOfTransit).ThenByDescending(link => link.Edge.Links.NotUp);
        return new MeshGraph([.. nodes], [.. drawn.Take(MostEdges).Select(link => link.Edge).OrderByDescending(edge => edge.Links.NotUp)]);
    }

    private static IEnumerable<(GraphEdge Edge, bool IsOfTransit)> Drawn(ImmutableArray<GraphMember> members, Dictionary<uint, UnlistedLinks> unlisted)
    {
        for (var i = 0; i < members.Length; i++)
        {
            for (var j = i + 1; j < members.Length; j++)
            {
                var (a, b) = (members[i], members[j]);
                var (state, reason) = Links.Between(a, b);
                if (state == LinkState.Unknown && (a.IsCut || b.IsCut))
                    state = UnlistedLinks.Between(unlisted[a.Id], unlisted[b.Id]);
                var isOfTransit = a.IsTransit || b.IsTransit;
                if (members.Length <= AllLinks || isOfTransit || state == LinkState.NotUp)
                    yield return (new GraphEdge(IdOf(a), IdOf(b), LinkShares.Of(state), Word(state, reason), RttOf(a, b) ?? RttOf(b, a)), isOfTransit);
            }
        }
    }

    private static TimeSpan? RttOf(GraphMember a, GraphMember b) => a.Speaks?.Figures.GetValueOrDefault(b.Id).Rtt;

    private static string SiteOf(NodeEntry node) => node.Reach.Site.Length > 0 ? node.Reach.Site : node.Record.Tags.FirstOrDefault() ?? "";

    private static string IdOf(GraphMember member) => member.Id.ToString(CultureInfo.InvariantCulture);

    private static string Word(LinkState state, LinkReason reason) => (state, reason) switch
    {
        (LinkState.Up, _) => "up",
        (LinkState.Indirect, _) => "no direct path",
        (LinkState.NotUp, LinkReason.NoAnswer) => "no answer",
        (LinkState.NotUp, LinkReason.NoSession) => "no BGP session",
        (LinkState.NotUp, _) => "not up",
        _ => "unknown",
    };
}
