using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>What of the underlay's own routing WireGuard's packets do not follow, one sentence each.</summary>
public static class UnderlayLimits
{
    /// <param name="routes">Of the main table, at least.</param>
    /// <param name="peers">Where packets go to; only what could lead there is told.</param>
    public static IEnumerable<string> OfRoutes(IEnumerable<RouteInfo> routes, IReadOnlyCollection<IPAddress> peers) => routes
        .Where(route => route.Table == RouteInfo.MainTable && route.Protocol != RouteProtocols.Bgp && UnderlayMirror.CannotBeCopied(route))
        .Where(route => route.Destination.PrefixLength == 0 || peers.Any(route.Destination.Contains))
        .Select(route => $"The route {route} {(route.HasEncapsulation ? "encapsulates" : "has a nexthop object whose next hops the kernel does not show (net.ipv4.nexthop_compat_mode is 0)")}, "
            + "so WireGuard's packets cannot take it: they take the next best one, or are refused");

    /// <param name="rules">All of the machine's.</param>
    /// <param name="protocol">Of ours.</param>
    /// <param name="mark">That of WireGuard's packets.</param>
    public static IEnumerable<string> OfRules(IEnumerable<RuleInfo> rules, byte protocol, uint mark) =>
        UnderlayRules.IntoMainBeforeOurs(rules, protocol, mark).Select(rule =>
            $"The rule {rule}, which is not Meshover's, leads WireGuard's packets into the main table, and so back into the mesh where a learned prefix covers a peer: "
            + $"make it `not fwmark 0x{mark:x}/0xff`, or give it a preference above {KernelNames.ProhibitPriority}");

    internal static IEnumerable<string> Of(KernelState state, KernelNames names, uint mark, IReadOnlyCollection<IPAddress> peers) =>
    [
        .. OfRoutes(state.MainRoutes, peers),
        .. UnderlayRules.WithoutCopy(state, names, mark).Select(rule =>
            $"The rule {rule} has conditions that Meshover does not read, so WireGuard's packets skip it: what only table {rule.Table} knows is refused to them"),
    ];
}
