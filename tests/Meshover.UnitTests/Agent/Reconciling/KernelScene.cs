using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>Node 1, with one link to node 2, on a machine with one underlay interface (index 2, 192.0.2.1/24, default by 192.0.2.254).</summary>
internal static class KernelScene
{
    internal const int Eth0 = 2;

    internal static SystemPlan Plan(params string[] endpoints) => KernelPlans.OneLink(endpoints).ForSystem;

    /// <summary>Before anything of ours: the data plane has made its interfaces, nobody else was here.</summary>
    internal static KernelState Fresh() => new()
    {
        Links =
        [
            Lo,
            Link(Eth0, "eth0"),
            Link(7, "meshover0"),
            Link(8, "mo-00000002"),
        ],
        Addresses = [Address(Eth0, "192.0.2.1", 24, protocol: 0)],
        MainRoutes =
        [
            Route("0.0.0.0/0", via: "192.0.2.254"),
            Route("192.0.2.0/24") with { Protocol = RouteProtocols.Kernel, PreferredSource = IPAddress.Parse("192.0.2.1") },
        ],
        MirrorRoutes = [],
        Rules = [],
        Forwarding4 = "0",
        Forwarding6 = "0",
        NeighbourLimits = new Dictionary<string, int>(),
        RpFilterAll = 1,
        FirewallStands = false,
    };

    /// <summary>As it is when all of <see cref="Plan"/> stands.</summary>
    internal static KernelState Settled()
    {
        var fresh = Fresh();
        return fresh with
        {
            Forwarding4 = "1",
            Forwarding6 = "1",
            FirewallStands = true,
            Links =
            [
                Lo,
                Link(Eth0, "eth0", rpFilter: 2) with { Ipv6 = new LinkIpv6Settings(Forwarding: 1, AcceptRa: 2, AcceptRedirects: 1, DisableIpv6: 0) },
                Ours(7, "meshover0", 1420),
                Ours(8, "mo-00000002", 1396),
                Link(9, "meshover-lo") with { AddressGeneration = AddressGenerationMode.None },
            ],
            Addresses =
            [
                .. fresh.Addresses,
                Address(9, "10.249.0.1", 32), Address(9, "fd00::1", 128), Address(7, "198.18.0.1", 32), Address(8, "fe80::1", 64),
                Address(8, "10.249.0.1", 32),
            ],
            MainRoutes =
            [
                .. fresh.MainRoutes,
                Unreachable("10.249.0.0/16"),
                Unreachable("fd00::/48") with { OutputLink = 1 },
                new RouteInfo { Destination = IPNetwork.Parse("198.18.0.0/15"), OutputLink = 7, PreferredSource = IPAddress.Parse("198.18.0.1"), Protocol = 112 },
            ],
            MirrorRoutes = [.. fresh.MainRoutes.Select(route => route with { Table = 7401, Protocol = 112 })],
            Rules = [.. KernelDiff.Compute(fresh, Plan()).OfType<AddRule>().Select(change => change.Rule)],
        };
    }

    internal static string Text(ImmutableArray<KernelChange> changes) => string.Join('\n', changes);

    private static LinkInfo Lo => Link(1, "lo") with { Flags = LinkFlags.Up | LinkFlags.LowerUp | LinkFlags.Loopback };

    internal static LinkInfo Link(int index, string name, int rpFilter = 0) => new()
    {
        Index = index,
        Name = name,
        Mtu = 1500,
        Flags = LinkFlags.Up | LinkFlags.LowerUp,
        AddressGeneration = AddressGenerationMode.Eui64,
        Ipv4 = new LinkIpv4Settings(Forwarding: 0, rpFilter, AcceptRedirects: 1),
        Ipv6 = new LinkIpv6Settings(Forwarding: 0, AcceptRa: 1, AcceptRedirects: 1, DisableIpv6: 0),
    };

    internal static RouteInfo Route(string destination, string? via = null, int link = Eth0) => new()
    {
        Destination = IPNetwork.Parse(destination),
        Gateway = via is null ? null : IPAddress.Parse(via),
        OutputLink = link,
        Protocol = RouteProtocols.Static,
    };

    internal static RouteInfo Unreachable(string destination) =>
        new() { Destination = IPNetwork.Parse(destination), Kind = RouteKind.Unreachable, Metric = KernelDiff.UnreachableMetric, Protocol = 112 };

    internal static AddressInfo Address(int link, string address, int length, byte protocol = 112) =>
        new() { LinkIndex = link, Address = IPAddress.Parse(address), PrefixLength = length, Protocol = protocol };

    private static LinkInfo Ours(int index, string name, int mtu) => Link(index, name, rpFilter: 2) with
    {
        Mtu = mtu,
        AddressGeneration = AddressGenerationMode.None,
        Ipv4 = new LinkIpv4Settings(Forwarding: 1, RpFilter: 2, AcceptRedirects: 0),
        Ipv6 = new LinkIpv6Settings(Forwarding: 1, AcceptRa: 0, AcceptRedirects: 0, DisableIpv6: 0),
    };
}
