using Meshover.Controller.Administration;
using Meshover.Controller.Membership;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class NodeNamesTests
{
    private readonly TestMesh _mesh = new();

    [Fact]
    public void Member_IsFoundByNameInAnyCaseAndById()
    {
        var node = _mesh.Enrol("a", "web");
        Assert.Equal(node.Id, NodeNames.Member(_mesh.State, "WEB.").Id);
        Assert.Equal(node.Id, NodeNames.Member(_mesh.State, $"{node.Id}").Id);
        Assert.Throws<RefusalException>(() => NodeNames.Removed(_mesh.State, "web"));
    }

    [Fact]
    public void Removed_IsFoundByNameInAnyCaseAndById_TheLastOfThatName()
    {
        var first = _mesh.Enrol("a", "web");
        _mesh.Remove(first);
        var last = _mesh.Enrol("b", "web");
        _mesh.Remove(last);

        Assert.Equal(last.Id, NodeNames.Removed(_mesh.State, "web").Id);
        Assert.Equal(last.Id, NodeNames.Removed(_mesh.State, "Web.").Id);
        Assert.Equal(first.Id, NodeNames.Removed(_mesh.State, $"{first.Id}").Id);
        Assert.Throws<RefusalException>(() => NodeNames.Member(_mesh.State, "web"));
    }
}
