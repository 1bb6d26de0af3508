using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel.Gathering;

/// <summary>
/// The tables of gathering. In each, destinations inside the mesh are thrown back, to be looked up as ever; all others go by the hops that the best path to the
/// owner has; and what has no owner is refused, so that nothing falls through to the default route while there is none, or while the hops change.
/// </summary>
internal static class GatherRoutes
{
    // Of one destination and metric a route takes the other's place, so that a table is never without.
    private const uint Metric = 1;

    private static readonly IPNetwork Everything4 = new(IPAddress.Any, 0), Everything6 = new(IPAddress.IPv6Any, 0);

    internal static IEnumerable<RouteInfo> Of(GatherState state, GatheringPlan plan, byte protocol)
    {
        foreach (var family in state.Choices.GroupBy(choice => choice.Range.Range.BaseAddress.AddressFamily))
        {
            ImmutableArray<IPNetwork> inside = [.. plan.Inside.Where(prefix => prefix.BaseAddress.AddressFamily == family.Key)];
            var everything = family.Key == AddressFamily.InterNetwork ? Everything4 : Everything6;
            foreach (var route in Closed(KernelNames.FirstGatherTable))
                yield return route;
            foreach (var choice in family)
            {
                foreach (var route in choice.Tables.SelectMany(Closed))
                    yield return route;
                if (choice.Way is { } way)
                    yield return Everything(way, choice.Table);
                if (choice.Next is { } next && next.Table != choice.Table)
                    yield return Everything(next.Way, next.Table);
            }

            RouteInfo Everything(OwnerWay way, uint table) => ByHops(way.Route) with { Destination = everything, Table = table, Metric = Metric, Protocol = protocol };

            IEnumerable<RouteInfo> Closed(uint table) =>
            [
                .. inside.Select(prefix => new RouteInfo { Destination = prefix, Kind = RouteKind.Throw, Table = table, Metric = Metric, Protocol = protocol }),
                new RouteInfo { Destination = everything, Kind = RouteKind.Unreachable, Table = table, Metric = KernelDiff.UnreachableMetric, Protocol = protocol },
            ];
        }
    }

    /// <summary>Hops are named one by one: a nexthop object goes, with what goes by it, when zebra starts anew. One whose hops the kernel does not tell is named itself.</summary>
    private static RouteInfo ByHops(RouteInfo way) => new()
    {
        Destination = way.Destination,
        Gateway = way.Gateway,
        OutputLink = way.OutputLink,
        NextHopFlags = way.NextHopFlags & NextHopFlags.OnLink,
        NextHops = [.. way.NextHops.Select(hop => hop with { Flags = hop.Flags & NextHopFlags.OnLink })],
        NextHopId = way.OutputLink == 0 && way.NextHops.IsEmpty ? way.NextHopId : 0,
    };

    /// <summary>Those that are to be set, and those to be removed once no rule leads to them any more.</summary>
    internal static (ImmutableArray<RouteInfo> Set, ImmutableArray<RouteInfo> Remove) Diff(IReadOnlyList<RouteInfo> present, IEnumerable<RouteInfo> wanted, byte protocol)
    {
        var right = wanted.ToDictionary(Place, route => route);
        var standing = present.Select(RouteKey.Of).ToHashSet();
        return (
            [.. right.Values.Where(route => !standing.Contains(RouteKey.Of(route)))],
            [.. present.Where(route => route.Protocol == protocol && !right.ContainsKey(Place(route)))]);
    }

    private static (uint, IPNetwork, uint) Place(RouteInfo route) => (route.Table, route.Destination, route.Metric);
}
