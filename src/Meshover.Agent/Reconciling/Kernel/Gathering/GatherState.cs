using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Gathering;

namespace Meshover.Agent.Reconciling.Kernel.Gathering;

/// <summary>What of the kernel concerns gathering, and who has the packets of each range by it.</summary>
internal sealed record GatherState
{
    internal static GatherState Nothing { get; } = new();

    /// <summary>In the plan's order.</summary>
    public ImmutableArray<GatherChoice> Choices { get; init; } = [];

    /// <summary>What stands in gathering's tables, a former plan's too.</summary>
    public IReadOnlyList<RouteInfo> Routes { get; init; } = [];
}

/// <summary>Who has the packets of a range, and by which table.</summary>
/// <param name="Range">With all its owners.</param>
/// <param name="Table">Its own.</param>
/// <param name="Owner">Null: nobody can take them.</param>
/// <param name="Way">The route to the owner's address; null where there is no owner, or it is this node.</param>
internal sealed record GatherChoice(GatheredRange Range, uint Table, GatherOwner? Owner, OwnerWay? Way)
{
    /// <summary>Of the owners those that could take packets at the moment.</summary>
    public ImmutableArray<GatherOwner> Usable { get; init; } = [];

    /// <summary>Who gets what comes by a link in this node's place, as its own check fails; null: nobody.</summary>
    public HandedOn? Next { get; init; }

    /// <summary>This node takes the range's packets out, whoever sends them: an owner whose check fails does it where there is nobody after it, rather than to refuse them.</summary>
    public bool IsTakenOutHere => Next is null && Range.Owners.Any(owner => owner.IsSelf);

    /// <summary>Those that are led into.</summary>
    public IEnumerable<uint> Tables => Next is null || Next.Table == Table ? [Table] : [Table, Next.Table];
}

/// <summary>To whom an owner hands packets on that it cannot take out.</summary>
/// <param name="Owner">One after it in the order.</param>
/// <param name="Way">By that one's own link.</param>
/// <param name="Table">That leads there.</param>
internal sealed record HandedOn(GatherOwner Owner, OwnerWay Way, uint Table);

/// <summary>How a node is reached.</summary>
/// <param name="Route">To its address, as BGP has set it.</param>
/// <param name="IsDirect">By its own link, and by no other node.</param>
internal sealed record OwnerWay(RouteInfo Route, bool IsDirect)
{
    /// <summary>By name, those that it goes by.</summary>
    public ImmutableArray<string> Links { get; init; } = [];

    /// <summary>By the same hops.</summary>
    public bool Leads(RouteInfo other) => Hops(Route).SetEquals(Hops(other));

    private static HashSet<(IPAddress?, int, uint)> Hops(RouteInfo route) => route.NextHops.IsDefaultOrEmpty
        ? [(route.Gateway, route.OutputLink, route.OutputLink == 0 ? route.NextHopId : 0)]
        : [.. route.NextHops.Select(hop => (hop.Gateway, hop.OutputLink, 0u))];
}
