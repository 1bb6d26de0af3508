using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// The underlay's own routes, as they must stand in the mirror table: all of main's, on-link ones included, but ours, BGP's, and what goes
/// by our interfaces. By it marked packets leave as if there were no mesh.
/// </summary>
internal static class UnderlayMirror
{
    /// <summary>On-link ones first: the kernel takes a gateway only if it can reach it already.</summary>
    internal static List<RouteInfo> Of(KernelState state, KernelNames names)
    {
        var ours = state.Links.Where(link => names.IsOurs(link.Name)).Select(link => link.Index).ToHashSet();
        return
        [
            .. state.MainRoutes
                .Where(route => IsUnderlay(route, names))
                .Select(route => WithoutOurLinks(route, ours))
                .OfType<RouteInfo>()
                .Select(route => route with { Table = names.UnderlayTable, Protocol = names.Protocol })
                .OrderBy(route => route.Gateway is not null || !route.NextHops.IsEmpty),
        ];
    }

    /// <summary>As a marked packet is looked up in it: the longest prefix, and of one prefix the least metric.</summary>
    internal static PrefixTable<RouteInfo> LookUp(IEnumerable<RouteInfo> mirror) =>
        new(mirror.OrderBy(route => route.Metric).Select(route => (route.Destination, route)));

    internal static IEnumerable<int> LinksOf(RouteInfo route) =>
        route.NextHops.IsEmpty ? [route.OutputLink] : route.NextHops.Select(hop => hop.OutputLink);

    private static bool IsUnderlay(RouteInfo route, KernelNames names) =>
        route.Protocol != names.Protocol && route.Protocol != RouteProtocols.Bgp
        && route.Kind is RouteKind.Unicast or RouteKind.Blackhole or RouteKind.Unreachable or RouteKind.Prohibit or RouteKind.Throw
        && !route.IsCached && !route.HasEncapsulation;

    private static RouteInfo? WithoutOurLinks(RouteInfo route, HashSet<int> ours)
    {
        if (route.NextHops.IsEmpty)
            return ours.Contains(route.OutputLink) ? null : route;
        var left = route.NextHops.RemoveAll(hop => ours.Contains(hop.OutputLink));
        return left.Length switch
        {
            0 => null,
            1 => route with { NextHops = [], Gateway = left[0].Gateway, OutputLink = left[0].OutputLink, NextHopFlags = left[0].Flags },
            _ => route with { NextHops = left },
        };
    }
}
