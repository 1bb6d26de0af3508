using System.Net;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

/// <summary>Further node addresses in the map and in plans.</summary>
public sealed class FurtherAddressTests
{
    [Fact]
    public void Plan_OwnOnes_AreOnTheLoopbackAndAnnounced()
    {
        var plan = Plan(1, TestMesh.Of(TestMesh.Node(1).With("10.249.9.1", "fd12:3456:789a::9:1"), TestMesh.Node(2)));
        Assert.Equal(["10.249.9.1", "fd12:3456:789a::9:1"], plan.Kernel.Further.Select(address => $"{address}"));
        Assert.Equal(["10.249.0.1/32", "fd12:3456:789a::1/128", "10.249.9.1/32", "fd12:3456:789a::9:1/128"], plan.Routing!.Networks.Select(network => $"{network.Prefix}"));
        Assert.Equal(IPAddress.Parse("10.249.0.1"), plan.Routing.Source4);
    }

    [Fact]
    public void Plan_OfAnother_AreAcceptedFromItAlone()
    {
        var plan = Plan(1, TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).With("10.249.9.2"), TestMesh.Node(3)));
        Assert.Empty(plan.Kernel.Further);
        Assert.Equal([2u], plan.Routing!.Neighbors.Where(neighbor => neighbor.MayOriginate.Any(grant => $"{grant.Prefix}" == "10.249.9.2/32")).Select(neighbor => neighbor.Node.Value));
        Assert.Empty(plan.Routing.Resting);
    }

    [Fact]
    public void Plan_Resting_IsRefusedByAll_WhoeverHadIt()
    {
        foreach (var self in (uint[])[1, 2])
            Assert.Equal(["10.249.9.2/32"], Plan(self, TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Resting("10.249.9.2"))).Routing!.Resting.Select(prefix => $"{prefix}"));
    }

    [Fact]
    public void WithoutProblems_AddressThatIsAnothers_IsLeftOut_AndTheNodeIsNot()
    {
        var map = TestMesh.Of(
            TestMesh.Node(1).With("10.249.0.3", "10.249.9.1", "192.0.2.9"), // node 3's first one; its own; of no pool
            TestMesh.Node(2).With("10.249.9.1", "10.249.9.2"), // node 1's
            TestMesh.Node(3).Resting("10.249.9.2", "10.249.9.3", "10.249.0.1")).WithoutProblems();
        Assert.Equal(3, map.Nodes.Count);
        Assert.Empty(map.LeftOut);
        Assert.Equal(["10.249.9.1"], Further(map, 1));
        Assert.Equal(["10.249.9.2"], Further(map, 2));
        Assert.Equal(["10.249.9.3"], map.Nodes[new NodeId(3)].RestingAddresses.Select(address => $"{address}"));
    }

    [Fact]
    public void SameAs_ComparesThemByValue_NotesToo()
    {
        Assert.True(TestMesh.Node(1).With("10.249.9.1").SameAs(TestMesh.Node(1).With("10.249.9.1")));
        Assert.False(TestMesh.Node(1).With("10.249.9.1").SameAs(TestMesh.Node(1)));
        Assert.False(TestMesh.Node(1).Resting("10.249.9.1").SameAs(TestMesh.Node(1)));
        Assert.False(TestMesh.Node(1).With("10.249.9.1").SameAs(TestMesh.Node(1) with { FurtherAddresses = [new FurtherAddress(IPAddress.Parse("10.249.9.1"), "relay")] }));
        Assert.Single(TestMesh.Of(TestMesh.Node(1)).DeltaTo(TestMesh.Of(TestMesh.Node(1).With("10.249.9.1"))).Upserts);
    }

    [Fact]
    public void Retaining_AddressThatARestoredNodeHas_IsNotTheRetainedNodesAnyMore()
    {
        var former = TestMesh.Of(TestMesh.Node(1).With("10.249.9.1", "10.249.9.2"), TestMesh.Node(3).With("10.249.9.3"));
        var map = TestMesh.Of(TestMesh.Node(2).With("10.249.9.1", "10.249.0.3")).Retaining(former);
        Assert.Equal([1u, 2u], map.Nodes.Keys.Select(id => id.Value)); // node 3's first one is another's
        Assert.Equal(["10.249.9.2"], Further(map, 1));
        Assert.Contains("10.249.9.1", Further(map, 2));
    }

    private static IEnumerable<string> Further(MeshMap map, uint id) => map.Nodes[new NodeId(id)].FurtherAddresses.Select(further => $"{further.Address}");

    private static NodePlan Plan(uint self, MeshMap map) => NodePlanner.Plan(map, new NodeId(self), NodeSettings.Default, new NodeCapabilities(), new NodeHealth());
}
