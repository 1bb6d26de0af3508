using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.Bench.Kernel;

/// <summary>Meshes to plan for: node n has id n, 10.249.0.n, 198.18.0.n, and is called at 10.77.0.n.</summary>
internal static class SampleMesh
{
    private static readonly MeshSettings Settings = new()
    {
        Pool4 = IPNetwork.Parse("10.249.0.0/16"),
        Pool6 = IPNetwork.Parse("fd12:3456:789a::/48"),
        TunnelPool = IPNetwork.Parse("198.18.0.0/15"),
    };

    /// <summary>What node 1 of the mesh is to be.</summary>
    /// <param name="firewall">With our table of nftables.</param>
    public static NodePlan PlanOfFirst(IEnumerable<MeshNode> nodes, bool firewall) => PlanOf(nodes, self: 1, firewall);

    /// <inheritdoc cref="PlanOfFirst"/>
    public static NodePlan PlanOf(IEnumerable<MeshNode> nodes, uint self, bool firewall)
    {
        var map = new MeshMap
        {
            StoreId = "bench",
            Revision = 1,
            Settings = Settings,
            Nodes = nodes.ToImmutableSortedDictionary(node => node.Id, node => node),
        };
        return NodePlanner.Plan(map, new NodeId(self), new NodeSettings(), new NodeCapabilities { Nftables = firewall }, new NodeHealth());
    }

    public static MeshNode Node(uint number, WireGuardPublicKey key) => new()
    {
        Id = new NodeId(number),
        HostName = $"n{number}",
        WireGuardKeys = [key],
        Address4 = Address4(number),
        Address6 = IPAddress.Parse($"fd12:3456:789a::{number:x}"),
        TunnelAddress = InNetwork(198, 18, number),
        Asn = new Asn(4_200_000_000 + number),
        Endpoints = [new EndpointCandidate(new IPEndPoint(InNetwork(10, 77, number), 12912), EndpointSource.Interface)],
    };

    /// <summary>Of somebody whom nobody will hear of.</summary>
    public static WireGuardPublicKey AnyKey() => new(RandomNumberGenerator.GetBytes(WireGuardPublicKey.Length));

    /// <summary>A node's address in the mesh.</summary>
    public static IPAddress Address4(uint number) => InNetwork(10, 249, number);

    private static IPAddress InNetwork(byte first, byte second, uint number) => new([first, second, (byte)(number >> 8), (byte)number]);
}
