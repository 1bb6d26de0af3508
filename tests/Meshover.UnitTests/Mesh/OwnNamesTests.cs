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
        Assert.True(KernelNames.Default.IsOurs(new NodeId(id).LinkName));
    }

    [Theory]
    [InlineData("mo-1")]
    [InlineData("mo-0000000g")]
    [InlineData("mo-000000001")]
    [InlineData("no-00000001")]
    [InlineData("")]
    public void LinkName_OfNoNode_IsNone(string name) => Assert.False(KernelNames.Default.IsOurs(name));

    [Theory]
    [InlineData("meshover0", true)]
    [InlineData("meshover-lo", true)]
    [InlineData("meshover1", false)]
    [InlineData("eth0", false)]
    public void Interface_IsOwnByItsWholeName(string name, bool isOwn) => Assert.Equal(isOwn, KernelNames.Default.IsOurs(name));

    [Theory]
    [InlineData("meshover0", "tun", true)]
    [InlineData("meshover0", "wireguard", true)]
    [InlineData("meshover0", "dummy", false)]
    [InlineData("meshover-lo", "bridge", true)]
    [InlineData("meshover-lo", "tun", false)]
    [InlineData("mo-00000001", "gre", true)]
    [InlineData("mo-00000001", "vxlan", false)]
    [InlineData("eth0", "", false)]
    public void Interface_OfOurNameAndAnothersKind_IsNotOurs(string name, string kind, bool isOurs) => Assert.Equal(isOurs, KernelNames.Default.IsOurs(name, kind));
}
