using CsCheck;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.UnitTests.Mesh;

public sealed class MeshMapChangesTests
{
    [Fact]
    public void TryApply_DeltaOfAnotherRevision_IsAGap()
    {
        var map = TestMesh.Full(2);
        Assert.False(map.TryApply(new MapDelta { FromRevision = map.Revision + 1, Revision = map.Revision + 2 }, out _));
        Assert.False(map.TryApply(new MapDelta { FromRevision = map.Revision, Revision = map.Revision - 1 }, out _));
    }

    [Fact]
    public void TryApply_Removal_LeavesATombstone()
    {
        var map = TestMesh.Full(3);
        Assert.True(map.TryApply(new MapDelta { FromRevision = 7, Revision = 8, Removals = [new NodeId(2)] }, out var next));
        Assert.Equal([1u, 3u], next.Nodes.Keys.Select(id => id.Value));
        Assert.Contains(new NodeId(2), next.Tombstones);
    }

    [Fact]
    public void DeltaTo_AnyTwoMaps_LeadsFromOneToTheOther() =>
        Gen.Select(GenNodes, GenNodes).Sample((before, after) =>
        {
            var (from, to) = (TestMesh.Of(before), TestMesh.Of(after) with { Revision = 9 });
            var delta = from.DeltaTo(to);
            Assert.True(from.TryApply(delta, out var reached));
            Assert.Equal(to.Nodes.Keys, reached.Nodes.Keys);
            Assert.All(to.Nodes.Values, node => Assert.True(node.SameAs(reached.Nodes[node.Id])));
            Assert.Empty(to.DeltaTo(to with { Revision = 10 }).Upserts);
        });

    [Fact]
    public void DeltaTo_EqualListsInOtherArrays_IsNoChange()
    {
        var from = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"));
        var to = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24")) with { Revision = 8, Settings = TestMesh.Settings with { Controllers = [.. TestMesh.Settings.Controllers] } };
        var delta = from.DeltaTo(to);
        Assert.Empty(delta.Upserts);
        Assert.Null(delta.Settings);
    }

    [Fact]
    public void Retaining_RestoredMap_KeepsNodesItLacksUnlessTheyWereRemoved()
    {
        var former = TestMesh.Full(5) with { Tombstones = [new NodeId(5)] };
        var restored = TestMesh.Full(2) with { StoreId = "new", Tombstones = [new NodeId(3)] };
        Assert.Equal([1u, 2u, 4u], restored.Retaining(former).Nodes.Keys.Select(id => id.Value));
    }

    private static Gen<MeshNode[]> GenNodes => Gen.Select(Gen.UInt[1, 8], Gen.Bool, Gen.Int[0, 2]).Select((id, transit, grants) =>
            TestMesh.Node(id) with { IsTransit = transit, Grants = TestMesh.Node(id).Granted([.. Enumerable.Range(0, grants).Select(g => $"10.64.{g}.0/24")]).Grants })
        .Array[0, 8].Select(nodes => nodes.DistinctBy(node => node.Id).ToArray());
}
