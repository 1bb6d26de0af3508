using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Xunit;

namespace Meshover.UnitTests.Mesh;

/// <summary>What a node's plan makes of the routers outside the mesh.</summary>
public sealed class ExternalNeighborsTests
{
    private static readonly ExternalNeighbor Router = new() { Address = IPAddress.Parse("203.0.113.1"), RemoteAs = new Asn(64512) };

    [Fact]
    public void Plan_NoNeighbour_OpensNothingAndLearnsNothing()
    {
        var plan = Plan(TestMesh.Of(TestMesh.Node(1).Granted("10.20.0.0/16")));
        Assert.Empty(plan.Routing!.ExternalNeighbors);
        Assert.Empty(plan.Routing.Learnable);
        Assert.Null(plan.Kernel.Bgp);
    }

    [Fact]
    public void Plan_Neighbour_IsTheOnlyOneThatTheFirewallOpensTo()
    {
        var plan = Plan(TestMesh.Full(2), Router, Router with { Address = null, Interface = "eth1" });
        Assert.Equal(12914, plan.Kernel.Bgp!.Port);
        Assert.Equal([new BgpCaller(Router.Address, null), new BgpCaller(null, "eth1")], plan.Kernel.Bgp.Callers);
        Assert.Equal(2, plan.Routing!.ExternalNeighbors.Length);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void Learnable_GrantsOfOthersWithinOurs_AreRefusedAndLongerOnesOfOursWithinThoseAreNot()
    {
        var map = TestMesh.Of(
            TestMesh.Node(1) with { Grants = [new RouteGrant(IPNetwork.Parse("10.0.0.0/8"), 24), new RouteGrant(IPNetwork.Parse("10.20.30.0/24")), new RouteGrant(IPNetwork.Parse("fd20::/32"), 48)] },
            TestMesh.Node(2).Granted("10.20.0.0/16", "10.20.30.0/24", "172.16.0.0/12", "0.0.0.0/0"),
            TestMesh.Node(3).Granted("10.20.0.0/16"));

        Assert.Equal(
            ["fd20::/32 le 48 yes", "10.20.30.0/24 le 24 yes", "10.20.0.0/16 le 32 no", "10.0.0.0/8 le 24 yes"],
            Plan(map, Router).Routing!.Learnable.Select(range => $"{range.Grant.Prefix} le {range.Grant.MaxLength} {(range.IsPermitted ? "yes" : "no")}"));
    }

    [Fact]
    public void Learnable_NameOfAnOwnGrant_IsNoMatterOfRouting()
    {
        var grant = new RouteGrant(IPNetwork.Parse("10.9.0.1/32"));
        NodePlan Of(RouteGrant held) => Plan(TestMesh.Of(TestMesh.Node(1) with { Grants = [held] }, TestMesh.Node(2)), Router);
        Assert.Single(Of(grant).Routing!.Learnable);
        Assert.Equal(Of(grant).ForRouting, Of(grant with { Name = "shop" }).ForRouting);
    }

    [Fact]
    public void Plan_NeighbourThatCannotBe_IsLeftOutAndSaid()
    {
        var map = TestMesh.Full(2);
        (ExternalNeighbor Neighbor, string Why)[] wrong =
        [
            (Router with { RemoteAs = new Asn(4_200_000_002) }, "its AS number 4200000002 is that of n2, a node of the mesh"),
            (Router with { RemoteAs = new Asn(4_200_000_001) }, "its AS number 4200000001 is that of n1, a node of the mesh"),
            (Router with { LocalAs = new Asn(4_200_000_001) }, "local-as 4200000001 is the AS number of this node itself: leave it out"),
            (Router with { LocalAs = new Asn(4_200_000_002) }, "local-as 4200000002 is the AS number of n2, a node of the mesh"),
            (Router with { Address = IPAddress.Parse("10.249.0.2") }, "its address is one of the mesh's own"),
            (Router with { Address = IPAddress.Parse("198.18.0.2") }, "its address is one of the mesh's own"),
        ];
        foreach (var (neighbor, why) in wrong)
        {
            var plan = Plan(map, neighbor, Router with { Address = IPAddress.Parse("203.0.113.2") });
            Assert.Equal("203.0.113.2", Assert.Single(plan.Routing!.ExternalNeighbors).Name);
            Assert.Equal($"The neighbour {neighbor.Name} is not spoken to: {why}.", Assert.Single(plan.Warnings).Text);
        }
    }

    [Fact]
    public void Plan_NoRouting_SaysThatNobodyIsSpokenTo()
    {
        var plan = NodePlanner.Plan(TestMesh.Full(2), new NodeId(1), new NodeSettings { Routing = false, Neighbors = [Router] }, new NodeCapabilities(), new NodeHealth());
        Assert.Equal("The neighbour 203.0.113.1 is not spoken to: this node has no routing (routing: off, or frr-backend: none).", Assert.Single(plan.Warnings).Text);
        Assert.Null(plan.Kernel.Bgp);
    }

    [Fact]
    public void Plan_SameNeighbours_AreTheSamePartOfTwoPlans()
    {
        var map = TestMesh.Full(2);
        static ExternalNeighbor Made() => Router with { In = new NeighborFilter { Communities = [new(1, 2)], Prefixes = [new(IPNetwork.Parse("10.0.0.0/8"), 8, 24)] } };
        Assert.Equal(Plan(map, Made()).ForRouting, Plan(map, Made()).ForRouting);
        Assert.Equal(Plan(map, Made()).ForSystem, Plan(map, Made()).ForSystem);
        Assert.NotEqual(Plan(map, Made()).ForRouting, Plan(map, Router).ForRouting);
    }

    private static NodePlan Plan(MeshMap map, params ExternalNeighbor[] neighbors) =>
        NodePlanner.Plan(map, new NodeId(1), new NodeSettings { Neighbors = [.. neighbors] }, new NodeCapabilities(), new NodeHealth());
}
