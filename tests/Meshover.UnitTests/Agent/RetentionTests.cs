using Meshover.Agent;
using Meshover.Mesh.Map;
using Meshover.UnitTests.Mesh;

namespace Meshover.UnitTests.Agent;

public sealed class RetentionTests
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);
    private static readonly MeshMap Restored = TestMesh.Full(2) with { StoreId = "restored" };

    [Fact]
    public void WithTold_SecondRestoredStore_KeepsWhatTheFirstOneLacked()
    {
        var state = new AgentState().WithMap(TestMesh.Full(4), retained: null).WithTold(Restored, Now);
        state = state.WithTold(TestMesh.Full(1) with { StoreId = "again" }, Now + TimeSpan.FromMinutes(1));
        Assert.Equal([1u, 2u, 3u, 4u], Ids(state));
        Assert.Equal([1u], Ids(state.WithoutExpired(Now + TimeSpan.FromMinutes(11))));
    }

    [Fact]
    public void WithTold_MapOfAnotherMesh_HasNothingToDoWithThisOne()
    {
        var other = Restored with { Settings = TestMesh.Settings with { CaPins = ["another"] } };
        Assert.Equal([1u, 2u], Ids(new AgentState().WithMap(TestMesh.Full(4), retained: null).WithTold(other, Now)));
    }

    [Fact]
    public void WithTold_NumbersOfARetainedNodeAreAnothersByNow_IsNotKept()
    {
        var successor = TestMesh.Node(9) with { Address4 = TestMesh.Node(3).Address4 };
        var restored = TestMesh.Of(TestMesh.Node(1), successor) with { StoreId = "restored" };
        Assert.Equal([1u, 2u, 4u, 9u], Ids(new AgentState().WithMap(TestMesh.Full(4), retained: null).WithTold(restored, Now)));
    }

    [Theory]
    [InlineData(1, new[] { 1u, 2u, 3u, 4u })]
    [InlineData(-5, new[] { 1u, 2u, 3u, 4u })] // the clock was set
    [InlineData(10, new[] { 1u, 2u })]
    public void WithRetained_OfAFormerAgent_IsKeptForWhatIsLeftOfTheTime(int minutesAgo, uint[] nodes)
    {
        var state = new AgentState().WithMap(Restored, retained: null).WithRetained(TestMesh.Full(4), TimeSpan.FromMinutes(minutesAgo), Now);
        Assert.Equal(nodes, Ids(state));
        Assert.Equal([1u, 2u], Ids(state.WithoutExpired(Now + TimeSpan.FromMinutes(10))));
    }

    private static IEnumerable<uint> Ids(AgentState state) => state.Map!.Nodes.Keys.Select(id => id.Value);
}
