using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

public sealed class OwnNamesTests
{
    [Theory]
    [InlineData(1u)]
    [InlineData(uint.MaxValue)]
    public void LinkName_OfAnyNode_IsKnownAgain(uint id)
    {
        Assert.True(NodeId.IsLinkName(new NodeId(id).LinkName));
        Assert.True(NodeSettings.Default.IsOwnInterface(new NodeId(id).LinkName));
    }

    [Theory]
    [InlineData("mo-1")]
    [InlineData("mo-0000000g")]
    [InlineData("mo-000000001")]
    [InlineData("no-00000001")]
    [InlineData("")]
    public void LinkName_OfNoNode_IsNone(string name) => Assert.False(NodeSettings.Default.IsOwnInterface(name));

    [Theory]
    [InlineData("meshover0", true)]
    [InlineData("meshover-lo", true)]
    [InlineData("meshover1", false)]
    [InlineData("eth0", false)]
    public void Interface_IsOwnByItsWholeName(string name, bool isOwn) => Assert.Equal(isOwn, NodeSettings.Default.IsOwnInterface(name));
}
