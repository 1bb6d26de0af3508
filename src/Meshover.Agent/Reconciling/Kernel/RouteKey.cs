using System.Net;
using Meshover.Linux.Netlink;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// All of a route by which two of them are the same to us, whoever set them: two routes are equal when the kernel would forward alike by
/// both. Left out is what only the kernel sets (scope of IPv6, flags of the carrier, expiry).
/// </summary>
internal sealed record RouteKey(
    IPNetwork Destination, RouteKind Kind, uint Table, uint Metric, IPAddress? Gateway, int OutputLink, string NextHops,
    IPAddress? PreferredSource, IPNetwork? Source, bool OnLink, uint Mtu, string OtherMetrics, byte Preference, byte TypeOfService)
{
    internal static RouteKey Of(RouteInfo route)
    {
        // Where a nexthop object is named, it alone says where to.
        var isPlain = route.NextHopId == 0;
        return new(
            route.Destination, route.Kind, route.Table, route.Metric, isPlain ? route.Gateway : null,
            // The kernel puts lo under an IPv6 route that leads nowhere.
            isPlain && route.Kind == RouteKind.Unicast ? route.OutputLink : 0,
            isPlain ? HopsOf(route) : $"nhid {route.NextHopId}",
            route.PreferredSource, route.Source, isPlain && route.NextHopFlags.HasFlag(NextHopFlags.OnLink),
            route.Mtu, route.OtherMetrics.IsDefaultOrEmpty ? "" : Convert.ToHexString(route.OtherMetrics.AsSpan()), route.Preference, route.TypeOfService);
    }

    private static string HopsOf(RouteInfo route) =>
        route.NextHops.IsDefaultOrEmpty ? "" : string.Join(',', route.NextHops.Select(Text).Order(StringComparer.Ordinal));

    private static string Text(NextHop hop) => $"{hop.Gateway} {hop.OutputLink} {hop.Weight} {hop.Flags.HasFlag(NextHopFlags.OnLink)}";
}
