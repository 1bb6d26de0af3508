using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Endpoints;

/// <summary>
/// Finds the addresses of the underlay among all that a machine has. An interface belongs to it if the operator names it; else if it
/// carries a default route; else if it is no bridge, tunnel or container's end. An address of a prefix that lies behind this node is left
/// out, unless a controller or a peer is on the same link: a node may announce the very prefix that it stands in.
/// </summary>
public static class UnderlayDiscovery
{
    private const int DefaultMtu = 1500;

    // A machine with hundreds of containers has as many, and a connection comes from few of them.
    private const int MostOthers = 64;

    private static readonly ImmutableHashSet<string> OtherKinds =
        [
            "bridge", "dummy", "wireguard", "tun", "vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "ip6tnl", "sit", "vti", "vti6",
            "xfrm", "ifb", "nlmon", "openvswitch",
        ];

    /// <summary>
    /// Docker, podman and libvirt, Calico, Cilium, flannel, CNI's bridge plugin, kube-proxy, NodeLocal DNS, PureLB, Tailscale, NetBird, Coil,
    /// Antrea, Weave Net, OVN-Kubernetes, Open vSwitch's own tunnels.
    /// </summary>
    private static readonly ImmutableArray<string> OtherNames =
        [
            "docker", "br-", "podman", "virbr", "vnet", "cali", "cilium", "lxc", "flannel", "cni", "kube-", "nodelocaldns", "tailscale", "wt0", "coil",
            "antrea-", "weave", "vethwe", "ovn-k8s-", "ovs-system", "genev_sys_", "vxlan_sys_", "gre_sys",
        ];

    /// <param name="netlink">The machine.</param>
    /// <param name="named">The operator's choice of interfaces; empty: none.</param>
    /// <param name="surroundings">What the node knows of the mesh.</param>
    public static UnderlayState Find(IRouteNetlink netlink, ImmutableArray<string> named, UnderlaySurroundings surroundings)
    {
        var every = netlink.GetLinks();
        var all = every.Where(link => !KernelNames.Default.IsOurs(link.Name)).ToDictionary(link => link.Index);
        // What comes to a link without carrier is lost, and its addresses reach nobody.
        var links = all.Values.Where(link => link is { IsUp: true, HasCarrier: true } && !link.Flags.HasFlag(LinkFlags.Loopback)).ToDictionary(link => link.Index);
        var routes = RoutesOf(netlink, UnderlayMirror.OwnLinks(every, KernelNames.Default));
        var tables = UnderlayRules.OtherTables(netlink.GetRules(), KernelNames.Default).Append(RouteInfo.MainTable).ToHashSet();
        var defaults = routes.Where(route => route.Destination.PrefixLength == 0 && tables.Contains(route.Table)).SelectMany(UnderlayMirror.LinksOf).ToHashSet();
        var addresses = netlink.GetAddresses();
        var found = addresses
            .Where(address => links.TryGetValue(address.LinkIndex, out var link) && IsUsable(address) && IsUnderlay(link, address, named, surroundings, defaults))
            .ToList();
        var carriers = found.Select(address => address.LinkIndex).ToHashSet();
        var narrow = routes.Where(route => route.Mtu != 0 && tables.Contains(route.Table) && UnderlayMirror.LinksOf(route).Any(carriers.Contains) && LeadsToOthers(route, surroundings));
        return new UnderlayState(
            [.. found.Select(address => address.Address).Distinct().OrderByDescending(address => address.AddressFamily == AddressFamily.InterNetworkV6)],
            found.Select(address => MtuOf(links[address.LinkIndex], address)).Concat(narrow.Select(route => (int)route.Mtu)).DefaultIfEmpty(DefaultMtu).Min())
        {
            Others = Others(all.Values, addresses.Except(found), defaults),
            Links = [.. carriers],
            Routes = UnderlayRoutes.To(routes.Where(route => UnderlayMirror.LinksOf(route).Any(links.ContainsKey)).Select(route => route.Destination).Where(IsFar)),
            Announced = AnnouncedReaches.Of(surroundings.Announced, routes, addresses, all),
        };
    }

    private static ImmutableArray<IPAddress> Others(IEnumerable<LinkInfo> all, IEnumerable<AddressInfo> addresses, HashSet<int> defaults)
    {
        var links = all.Where(link => defaults.Contains(link.Index) || !IsNamedLikeOthers(link)).Select(link => link.Index).ToHashSet();
        return
        [
            .. addresses.Where(address => links.Contains(address.LinkIndex) && EndpointOrder.IsGlobal(address.Address))
                .OrderByDescending(address => defaults.Contains(address.LinkIndex)).Select(address => address.Address).Distinct().Take(MostOthers),
        ];
    }

    private static bool IsUnderlay(
        LinkInfo link, AddressInfo address, ImmutableArray<string> named, UnderlaySurroundings surroundings, HashSet<int> defaults)
    {
        if (!named.IsEmpty)
            return named.Contains(link.Name);
        if (defaults.Contains(link.Index))
            return true;
        return !OtherKinds.Contains(link.Kind)
            && !IsNamedLikeOthers(link)
            && (!surroundings.IsBehind(address.Address) || surroundings.HasMemberIn(Prefixes.Containing(address.Address, address.PrefixLength)));
    }

    private static bool IsNamedLikeOthers(LinkInfo link) => OtherNames.Any(name => link.Name.StartsWith(name, StringComparison.Ordinal));

    /// <summary>A temporary IPv6 address (RFC 8981) is made to be forgotten; for IPv4 the same flag means secondary, which is fine.</summary>
    private static bool IsUsable(AddressInfo address)
    {
        var isTemporary6 = address.Address.AddressFamily == AddressFamily.InterNetworkV6 && address.Flags.HasFlag(AddressFlags.Temporary);
        var isBad = (address.Flags & (AddressFlags.DadFailed | AddressFlags.Deprecated | AddressFlags.Tentative)) != AddressFlags.None;
        return !isTemporary6 && !isBad && EndpointOrder.IsGlobal(address.Address);
    }

    /// <summary>
    /// Those that packets can take and that are the machine's own, of every table: which of them a packet is looked up in, is for its rules to
    /// say, and what may be reached is asked here.
    /// </summary>
    private static List<RouteInfo> RoutesOf(IRouteNetlink netlink, HashSet<int> ours) =>
    [
        .. netlink.GetRoutes(new RouteFilter { ExceptProtocols = [RouteProtocols.Bgp, RouteProtocols.Zebra], ExceptByLinks = ours })
            .Where(route => route is { Kind: RouteKind.Unicast, IsCached: false } && route.Protocol != NodeSettings.Default.RouteProtocol
                && UnderlayMirror.LinksOf(route).Any(link => link != 0 && !ours.Contains(link))),
    ];

    private static bool IsFar(IPNetwork destination) => destination.PrefixLength == 0 || EndpointOrder.IsGlobal(destination.BaseAddress);

    /// <summary>A router's advertisement may say that the way is narrower than the link, as that of PPPoE does; it counts for IPv6 alone.</summary>
    private static int MtuOf(LinkInfo link, AddressInfo address) =>
        address.Address.AddressFamily == AddressFamily.InterNetworkV6 && link.Ipv6 is { Mtu: > 0 } ipv6 ? Math.Min(link.Mtu, ipv6.Mtu) : link.Mtu;

    private static bool LeadsToOthers(RouteInfo route, UnderlaySurroundings surroundings) =>
        route.Destination.PrefixLength == 0 || surroundings.HasMemberIn(route.Destination);
}
