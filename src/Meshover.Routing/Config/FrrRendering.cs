using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>A configuration, and which of its lines the user's templates say.</summary>
public sealed record FrrRendering(FrrConfig Config, ImmutableArray<TemplateLine> Lines)
{
    /// <exception cref="FrrTemplateException">A template names what does not exist.</exception>
    public static FrrRendering Of(RoutingModel model, FrrTemplateSet templates) => new(FrrRenderer.Render(model, templates), FrrRenderer.Trace(model, templates));

    /// <summary>Of a mesh that there is not, with something of everything: for templates that are tried where no node runs.</summary>
    /// <exception cref="FrrTemplateException">A template names what does not exist.</exception>
    public static FrrRendering OfExample(FrrTemplateSet templates) => Of(Example(), templates);

    /// <summary>Three nodes; this is the first, the second is a transit node, each has a prefix of either family.</summary>
    internal static RoutingModel Example() => new()
    {
        HostName = "n1",
        Asn = AsnOf(1),
        RouterId = IPAddress.Parse("10.249.0.1"),
        Source4 = IPAddress.Parse("10.249.0.1"),
        Source6 = IPAddress.Parse("fd00:6d65:7368::1"),
        BgpPort = 12914,
        IsTransit = false,
        MaxMeshHops = 2,
        Pool4 = IPNetwork.Parse("10.249.0.0/16"),
        Pool6 = IPNetwork.Parse("fd00:6d65:7368::/48"),
        TunnelPool = IPNetwork.Parse("198.18.0.0/15"),
        Networks = [.. Addresses(1).Concat(Grants(1)).Select(grant => new Announcement(grant.Prefix)), new Announcement(IPNetwork.Parse("10.64.1.128/25")) { Med = 100, Communities = [new Community(65000, 1)] }],
        Grants = [.. Enumerable.Range(1, 3).SelectMany(id => Grants(id).Select(grant => new OriginGrant(AsnOf(id), grant)))],
        Resting = [IPNetwork.Parse("10.249.0.9/32"), IPNetwork.Parse("fd00:6d65:7368::9/128")],
        Neighbors = [Neighbor(2, isTransit: true), Neighbor(3, isTransit: false) with { Cost = LinkCost.Base + new LinkQuality(5, IsJittery: false, Loss: 0).Cost, BfdProfile = BfdProfile.Lossy }],
        Bfd = BfdTimers.For(2, BfdTimers.DefaultPacketsPerSecond),
    };

    private static NeighborModel Neighbor(int id, bool isTransit) => new()
    {
        Node = new NodeId((uint)id),
        HostName = $"n{id}",
        Interface = new NodeId((uint)id).LinkName,
        Asn = AsnOf(id),
        IsTransit = isTransit,
        MayOriginate = [.. Addresses(id), .. Grants(id)],
        Cost = LinkCost.Base,
    };

    private static RouteGrant[] Addresses(int id) => [new(IPNetwork.Parse($"10.249.0.{id}/32")), new(IPNetwork.Parse($"fd00:6d65:7368::{id:x}/128"))];

    private static RouteGrant[] Grants(int id) => [new(IPNetwork.Parse($"10.64.{id}.0/24"), 26), new(IPNetwork.Parse($"fd64:{id:x}::/64"))];

    private static Asn AsnOf(int id) => new(4_200_000_000 + (uint)id);
}
