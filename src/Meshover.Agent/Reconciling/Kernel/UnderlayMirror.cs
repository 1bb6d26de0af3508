using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// The underlay's own routes, as they must stand in the mirror table: all of main's, on-link ones included, but ours and what goes by our
/// interfaces, whoever set it. By it marked packets leave as if there were no mesh.
/// </summary>
internal static class UnderlayMirror
{
    private const byte LowPreference = 3;
    private const byte HighPreference = 1;

    /// <summary>On-link ones first: the kernel takes a gateway only if it can reach it already.</summary>
    internal static List<RouteInfo> Of(KernelState state, KernelNames names)
    {
        var ours = OwnLinks(state.Links, names);
        return
        [
            .. state.MainRoutes
                .Where(route => IsUnderlay(route, names))
                .Select(route => WithoutOurLinks(route, ours))
                .OfType<RouteInfo>()
                .Select(route => route with { Table = names.UnderlayTable, Protocol = names.Protocol })
                .GroupBy(route => (route.Destination, route.Source, route.TypeOfService))
                .SelectMany(Apart)
                .OrderBy(route => route.Gateway is not null || !route.NextHops.IsEmpty || route.NextHopId != 0),
        ];
    }

    /// <summary>As a marked packet is looked up in it: the longest prefix, and of one prefix the least metric.</summary>
    internal static PrefixTable<RouteInfo> LookUp(IEnumerable<RouteInfo> mirror) =>
        new(mirror.OrderBy(route => route.Metric).Select(route => (route.Destination, route)));

    internal static HashSet<int> OwnLinks(IEnumerable<LinkInfo> links, KernelNames names) =>
        [.. links.Where(link => names.IsOurs(link.Name)).Select(link => link.Index)];

    internal static IEnumerable<int> LinksOf(RouteInfo route) =>
        route.NextHops.IsEmpty ? [route.OutputLink] : route.NextHops.Select(hop => hop.OutputLink);

    /// <summary>A route of the underlay that has no copy in the mirror, as what it says was not read.</summary>
    internal static bool CannotBeCopied(RouteInfo route) => route.HasEncapsulation || (route.NextHopId != 0 && !HasVisibleHops(route));

    // BGP's are the mesh's where they go by our links, which is asked later; one that leads nowhere has no link to be told by.
    private static bool IsUnderlay(RouteInfo route, KernelNames names) =>
        route.Protocol != names.Protocol && !route.IsCached && !CannotBeCopied(route)
        && route.Kind switch
        {
            RouteKind.Unicast => HasVisibleHops(route),
            RouteKind.Blackhole or RouteKind.Unreachable or RouteKind.Prohibit or RouteKind.Throw => route.Protocol != RouteProtocols.Bgp,
            _ => false,
        };

    private static bool HasVisibleHops(RouteInfo route) => route.OutputLink != 0 || !route.NextHops.IsEmpty;

    private static RouteInfo? WithoutOurLinks(RouteInfo route, HashSet<int> ours)
    {
        // What leads nowhere has its next hop from the nexthop object alone, if it has one.
        if (route.Kind != RouteKind.Unicast)
            return route with { NextHopId = 0 };
        if (route.NextHops.IsEmpty)
            return ours.Contains(route.OutputLink) ? null : route;
        var left = route.NextHops.RemoveAll(hop => ours.Contains(hop.OutputLink));
        return left.Length switch
        {
            0 => null,
            1 when route.NextHops.Length > 1 => route with
            {
                NextHops = [],
                Gateway = left[0].Gateway,
                OutputLink = left[0].OutputLink,
                NextHopFlags = left[0].Flags,
                NextHopId = 0,
            },
            _ => route with { NextHops = left, NextHopId = left.Length == route.NextHops.Length ? route.NextHopId : 0 },
        };
    }

    /// <summary>
    /// Main may hold several routes to one destination with one metric, and asks them in an order: IPv6 those of router advertisements, by
    /// preference, IPv4 whatever was appended. Copied as they are, IPv6 would join them into one route of several next hops
    /// (rt6_qualify_for_ecmp in the kernel's include/net/ip6_route.h), so each copy has a metric of its own.
    /// </summary>
    private static IEnumerable<RouteInfo> Apart(IEnumerable<RouteInfo> routes)
    {
        uint? last = null;
        foreach (var route in routes.OrderBy(route => route.Metric).ThenBy(PreferenceRank))
        {
            // By link alone: never joined, and one for each link (fe80::/64).
            if (route is { IsIPv6: true, Gateway: null, NextHopId: 0, NextHops.IsEmpty: true })
            {
                yield return route;
                continue;
            }

            var metric = last is { } taken && taken >= route.Metric && taken < uint.MaxValue ? taken + 1 : route.Metric;
            last = metric;
            yield return route with { Metric = metric };
        }
    }

    private static int PreferenceRank(RouteInfo route) => route.Preference switch
    {
        HighPreference => 0,
        LowPreference => 2,
        _ => 1,
    };
}
