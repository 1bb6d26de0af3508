using System.Collections.Immutable;
using System.Net;
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

    // A machine with hundreds of containers has as many, and a connection comes from few of them.
    private const int MostOthers = 64;

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
        var links = netlink.GetLinks().Where(link => link.IsUp && !KernelNames.Default.IsOurs(link.Name) && !link.Flags.HasFlag(LinkFlags.Loopback)).ToDictionary(link => link.Index);
        var defaults = DefaultRouteLinks(netlink);
        var addresses = netlink.GetAddresses();
        var found = addresses
            .Where(address => links.TryGetValue(address.LinkIndex, out var link) && IsUsable(address) && IsUnderlay(link, address, named, surroundings, defaults))
            .ToList();
        var mtu = found.Select(address => links[address.LinkIndex].Mtu).DefaultIfEmpty(DefaultMtu).Min();
        return new UnderlayState(
            [.. found.Select(address => address.Address).Distinct().OrderByDescending(address => address.AddressFamily == AddressFamily.InterNetworkV6)], mtu)
        {
            Others = Others(netlink, addresses.Except(found), defaults),
        };
    }

    private static ImmutableArray<IPAddress> Others(IRouteNetlink netlink, IEnumerable<AddressInfo> addresses, HashSet<int> defaults)
    {
        var links = netlink.GetLinks().Where(link => !KernelNames.Default.IsOurs(link.Name) && (defaults.Contains(link.Index) || !IsNamedLikeOthers(link)))
            .Select(link => link.Index).ToHashSet();
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

    private static HashSet<int> DefaultRouteLinks(IRouteNetlink netlink) =>
    [.. netlink.GetRoutes(new RouteFilter { Table = RouteInfo.MainTable, ExceptProtocols = [RouteProtocols.Bgp, RouteProtocols.Zebra] })
        .Where(route => route is { Destination.PrefixLength: 0, Kind: RouteKind.Unicast })
        .SelectMany(route => route.NextHops.IsDefaultOrEmpty ? [route.OutputLink] : route.NextHops.Select(hop => hop.OutputLink))];
}
