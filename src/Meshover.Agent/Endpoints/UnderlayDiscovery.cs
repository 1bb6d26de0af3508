using System.Collections.Immutable;
using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Endpoints;

namespace Meshover.Agent.Endpoints;

/// <summary>
/// Finds the addresses of the underlay among all that a machine has. An interface belongs to it if the operator names it; else if it
/// carries a default route; else if it is no bridge, tunnel or container's end. An address of a prefix that lies behind this node is left
/// out, unless a controller or a peer is on the same link: a node may announce the very prefix that it stands in.
/// </summary>
public static class UnderlayDiscovery
{
    private const int DefaultMtu = 1500;

    private static readonly ImmutableHashSet<string> OtherKinds =
        ["bridge", "dummy", "wireguard", "tun", "vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "ip6tnl", "sit", "vti", "vti6", "xfrm", "ifb", "nlmon"];

    /// <summary>Docker, podman and libvirt, Calico, Cilium, flannel, CNI's bridge plugin, kube-proxy, NodeLocal DNS, PureLB, Tailscale, NetBird.</summary>
    private static readonly ImmutableArray<string> OtherNames =
        ["docker", "br-", "podman", "virbr", "vnet", "cali", "cilium", "lxc", "flannel", "cni", "kube-", "nodelocaldns", "tailscale", "wt0", "coil"];

    /// <param name="netlink">The machine.</param>
    /// <param name="named">The operator's choice of interfaces; empty: none.</param>
    /// <param name="surroundings">What the node knows of the mesh.</param>
    public static UnderlayState Find(IRouteNetlink netlink, ImmutableArray<string> named, UnderlaySurroundings surroundings)
    {
        var all = netlink.GetLinks();
        var links = all.Where(link => link.IsUp && !KernelNames.Default.IsOurs(link.Name) && !link.Flags.HasFlag(LinkFlags.Loopback)).ToDictionary(link => link.Index);
        var routes = TellingRoutes(netlink, UnderlayMirror.OwnLinks(all, KernelNames.Default));
        var defaults = routes.Where(route => route.Destination.PrefixLength == 0).SelectMany(UnderlayMirror.LinksOf).ToHashSet();
        var found = netlink.GetAddresses()
            .Where(address => links.TryGetValue(address.LinkIndex, out var link) && IsUsable(address) && IsUnderlay(link, address, named, surroundings, defaults))
            .ToList();
        var carriers = found.Select(address => address.LinkIndex).ToHashSet();
        var mtu = found.Select(address => MtuOf(links[address.LinkIndex], address))
            .Concat(routes.Where(route => route.Mtu != 0 && UnderlayMirror.LinksOf(route).Any(carriers.Contains) && LeadsToOthers(route, surroundings)).Select(route => (int)route.Mtu))
            .DefaultIfEmpty(DefaultMtu)
            .Min();
        return new UnderlayState(
            [.. found.Select(address => address.Address).Distinct().OrderByDescending(address => address.AddressFamily == AddressFamily.InterNetworkV6)], mtu);
    }

    private static bool IsUnderlay(
        LinkInfo link, AddressInfo address, ImmutableArray<string> named, UnderlaySurroundings surroundings, HashSet<int> defaults)
    {
        if (!named.IsEmpty)
            return named.Contains(link.Name);
        if (defaults.Contains(link.Index))
            return true;
        return !OtherKinds.Contains(link.Kind)
            && !OtherNames.Any(name => link.Name.StartsWith(name, StringComparison.Ordinal))
            && (!surroundings.IsBehind(address.Address) || surroundings.HasMemberIn(Prefixes.Containing(address.Address, address.PrefixLength)));
    }

    /// <summary>A temporary IPv6 address (RFC 8981) is made to be forgotten; for IPv4 the same flag means secondary, which is fine.</summary>
    private static bool IsUsable(AddressInfo address)
    {
        var isTemporary6 = address.Address.AddressFamily == AddressFamily.InterNetworkV6 && address.Flags.HasFlag(AddressFlags.Temporary);
        var isBad = (address.Flags & (AddressFlags.DadFailed | AddressFlags.Deprecated | AddressFlags.Tentative)) != AddressFlags.None;
        return !isTemporary6 && !isBad && EndpointOrder.IsGlobal(address.Address);
    }

    /// <summary>A router's advertisement may say that the way is narrower than the link, as that of PPPoE does; it counts for IPv6 alone.</summary>
    private static int MtuOf(LinkInfo link, AddressInfo address) =>
        address.Address.AddressFamily == AddressFamily.InterNetworkV6 && link.Ipv6 is { Mtu: > 0 } ipv6 ? Math.Min(link.Mtu, ipv6.Mtu) : link.Mtu;

    private static bool LeadsToOthers(RouteInfo route, UnderlaySurroundings surroundings) =>
        route.Destination.PrefixLength == 0 || surroundings.HasMemberIn(route.Destination);

    /// <summary>Those by which packets may leave the machine without the mesh and that say something here: default routes, and what has an MTU.</summary>
    private static List<RouteInfo> TellingRoutes(IRouteNetlink netlink, HashSet<int> ours)
    {
        var tables = UnderlayRules.OtherTables(netlink.GetRules(), KernelNames.Default).Prepend(RouteInfo.MainTable);
        return
        [
            .. tables.SelectMany(table => netlink.GetRoutes(new RouteFilter
            {
                Table = table,
                OnlyDefaultsAndMetrics = true,
                ExceptProtocols = [RouteProtocols.Bgp, RouteProtocols.Zebra],
                ExceptByLinks = ours,
            })).Where(route => route.Kind == RouteKind.Unicast),
        ];
    }
}
