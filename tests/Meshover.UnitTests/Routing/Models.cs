using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Routing;

/// <summary>Routing models of a small mesh: node N has AS 4200000000+N, 10.249.0.N, and is granted 10.64.N.0/24 (up to /26) and fd64:N::/64.</summary>
internal static class Models
{
    public static RoutingModel Node(uint self, uint nodes, params uint[] transit) => new()
    {
        HostName = $"n{self}",
        Asn = AsnOf(self),
        RouterId = IPAddress.Parse($"10.249.{self / 250}.{self % 250}"),
        Source4 = IPAddress.Parse($"10.249.{self / 250}.{self % 250}"),
        Source6 = IPAddress.Parse($"fd00:6d65:7368::{self:x}"),
        BgpPort = 12914,
        IsTransit = transit.Contains(self),
        MaxMeshHops = 2,
        Pool4 = IPNetwork.Parse("10.249.0.0/16"),
        Pool6 = IPNetwork.Parse("fd00:6d65:7368::/48"),
        TunnelPool = IPNetwork.Parse("198.18.0.0/15"),
        Networks = [.. Addresses(self).Select(g => g.Prefix), .. Grants(self).Select(g => g.Prefix)],
        Grants = [.. Enumerable.Range(1, (int)nodes).SelectMany(n => Grants((uint)n).Select(g => new OriginGrant(AsnOf((uint)n), g)))],
        Neighbors = [.. Enumerable.Range(1, (int)nodes).Where(n => n != self).Select(n => Neighbor((uint)n, transit.Contains((uint)n)))],
        Bfd = BfdTimers.For((int)nodes - 1, BfdTimers.DefaultPacketsPerSecond),
    };

    public static NeighborModel Neighbor(uint id, bool transit = false, int cost = LinkCost.Base) => new()
    {
        Node = new NodeId(id),
        HostName = $"n{id}",
        Interface = new NodeId(id).LinkName,
        Asn = AsnOf(id),
        IsTransit = transit,
        MayOriginate = [.. Addresses(id), .. Grants(id)],
        Cost = cost,
    };

    public static RoutingModel With(this RoutingModel model, params NeighborModel[] neighbors) =>
        model with { Neighbors = [.. neighbors.OrderBy(n => n.Node)] };

    public static ImmutableArray<RouteGrant> Grants(uint id) =>
        [new(IPNetwork.Parse($"10.{64 + id / 250}.{id % 250}.0/24"), 26), new(IPNetwork.Parse($"fd64:{id:x}::/64"))];

    private static RouteGrant[] Addresses(uint id) =>
        [new(IPNetwork.Parse($"10.249.{id / 250}.{id % 250}/32")), new(IPNetwork.Parse($"fd00:6d65:7368::{id:x}/128"))];

    private static Asn AsnOf(uint id) => new(4_200_000_000 + id);
}
