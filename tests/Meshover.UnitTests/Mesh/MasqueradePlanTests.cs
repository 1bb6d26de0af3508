using System.Net;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Xunit;

namespace Meshover.UnitTests.Mesh;

/// <summary>Whose addresses stay as they are, and where.</summary>
public sealed class MasqueradePlanTests
{
    private static readonly MeshMap Map = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24", "0.0.0.0/0"), TestMesh.Node(2).Granted("10.64.2.0/24", "10.64.0.0/16", "fd64:2::/64"));

    [Fact]
    public void Inside_IsAllOfTheMesh_ButADefaultRoute()
    {
        var plan = Of("10.224.0.0/16")!;

        Assert.Equal(["10.224.0.0/16"], plan.Sources.Select(prefix => prefix.ToString()));
        Assert.Equal(
            new[] { "10.64.0.0/16", "10.224.0.0/16", $"{Map.Settings.Pool4}", $"{Map.Settings.TunnelPool}", $"{Map.Settings.Pool6}", "fd64:2::/64" }.Order(StringComparer.Ordinal),
            plan.Inside.Select(prefix => prefix.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Sources_InOneAnother_AreOne() => Assert.Equal(["10.224.0.0/16"], Of("10.224.3.0/24", "10.224.0.0/16")!.Sources.Select(prefix => prefix.ToString()));

    [Fact]
    public void Plans_OfTheSameMap_AreEqual() => Assert.Equal(Of("10.224.0.0/16"), Of("10.224.0.0/16"));

    [Fact]
    public void Nobody_NoPlan() => Assert.Null(Of());

    private static MasqueradePlan? Of(params string[] sources) =>
        NodePlanner.Plan(Map, new(1), new NodeSettings { Masquerade = [.. sources.Select(IPNetwork.Parse)] }, new NodeCapabilities(), new NodeHealth()).Kernel.Masquerade;
}
