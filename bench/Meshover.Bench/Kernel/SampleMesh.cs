using System.Net;
using System.Security.Cryptography;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;

namespace Meshover.Bench.Kernel;

/// <summary>Meshes to plan for: <see cref="TestMesh"/>, with keys of ours, and nodes that are called at 10.77.0.n.</summary>
internal static class SampleMesh
{
    /// <summary>What node 1 of the mesh is to be.</summary>
    /// <param name="firewall">With our table of nftables.</param>
    public static NodePlan PlanOfFirst(IEnumerable<MeshNode> nodes, bool firewall) => PlanOf(nodes, self: 1, firewall);

    /// <inheritdoc cref="PlanOfFirst"/>
    public static NodePlan PlanOf(IEnumerable<MeshNode> nodes, uint self, bool firewall)
    {
        var capabilities = new NodeCapabilities { Nftables = firewall };
        return NodePlanner.Plan(TestMesh.Of([.. nodes]), new NodeId(self), NodeSettings.Default, capabilities, new NodeHealth());
    }

    public static MeshNode Node(uint number, WireGuardPublicKey key) => TestMesh.Node(number) with
    {
        WireGuardKeys = [key],
        Endpoints = [new EndpointCandidate(new IPEndPoint(InNetwork(10, 77, number), 12912), EndpointSource.Interface)],
    };

    /// <summary>Of somebody whom nobody will hear of.</summary>
    public static WireGuardPublicKey AnyKey() => new(RandomNumberGenerator.GetBytes(WireGuardPublicKey.Length));

    /// <summary>A node's address in the mesh.</summary>
    public static IPAddress Address4(uint number) => InNetwork(10, 249, number);

    private static IPAddress InNetwork(byte first, byte second, uint number) => new([first, second, (byte)(number >> 8), (byte)number]);
}
