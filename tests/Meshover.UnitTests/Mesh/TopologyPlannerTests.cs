using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Topology;

namespace Meshover.UnitTests.Mesh;

public sealed class TopologyPlannerTests
{
    [Theory]
    [InlineData(16, true, 16, true)]
    [InlineData(17, true, 3, false)]
    [InlineData(12, false, 3, false)]
    [InlineData(11, false, 11, true)]
    public void Plan_MeshGrowsAndShrinks_ChangesAtDifferentBounds(int nodes, bool wasSmall, int transits, bool isSmall)
    {
        var plan = TopologyPlanner.Plan(Members(nodes), wasSmall);
        Assert.Equal((transits, isSmall), (plan.Transits.Count, plan.IsSmall));
    }

    [Fact]
    public void Plan_Roles_AreObeyed()
    {
        var members = Members(30);
        members[20] = members[20] with { Role = TransitRole.Always };
        members[0] = members[0] with { Role = TransitRole.Never };
        var plan = TopologyPlanner.Plan(members, wasSmall: false);
        Assert.Contains(members[20].Node.Id, plan.Transits);
        Assert.DoesNotContain(members[0].Node.Id, plan.Transits);
        Assert.DoesNotContain(members[0].Node.Id, TopologyPlanner.Plan(members[..5], wasSmall: true).Transits);
    }

    [Fact]
    public void Plan_SeveralSites_SpreadsTheTransitNodes()
    {
        var members = Members(30).Select((member, i) => member with { Node = member.Node with { Site = i < 28 ? "big" : $"small{i}" } }).ToArray();
        var sites = TopologyPlanner.Plan(members, wasSmall: false).Transits.Select(id => members.Single(m => m.Node.Id == id).Node.Site);
        Assert.Equal(["big", "small28", "small29"], sites.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Plan_SittingTransitNodes_StaySoThatRoutesDoNotMove()
    {
        var members = Members(30);
        foreach (var i in new[] { 20, 21, 22 })
            members[i] = members[i] with { Node = members[i].Node with { IsTransit = true } };
        Assert.Equal([21u, 22u, 23u], TopologyPlanner.Plan(members, wasSmall: false).Transits.Select(id => id.Value));
    }

    [Fact]
    public void Plan_NodesBehindNatsOrSilent_AreNotElected()
    {
        var members = Members(30);
        members[0] = members[0] with { IsOnline = false };
        members[1] = members[1] with { Node = members[1].Node with { IsBehindNat = true } };
        var plan = TopologyPlanner.Plan(members, wasSmall: false);
        Assert.Equal([3u, 4u, 5u], plan.Transits.Select(id => id.Value));
    }

    [Fact]
    public void Plan_DrainedTransitNode_GoesOnBesideItsSuccessorUntilItIsOff()
    {
        var members = Members(40);
        NodeId[] before = [.. TopologyPlanner.Plan(members, wasSmall: false).Transits];
        for (var i = 0; i < members.Length; i++)
            members[i] = members[i] with { Node = members[i].Node with { IsTransit = before.Contains(members[i].Node.Id), IsDraining = members[i].Node.Id == before[0] } };
        var draining = TopologyPlanner.Plan(members, wasSmall: false).Transits;
        Assert.Equal(4, draining.Count);
        Assert.Superset(before.ToHashSet(), draining.ToHashSet());

        var drained = Array.FindIndex(members, member => member.Node.IsDraining);
        members[drained] = members[drained] with { IsOnline = false };
        Assert.Equal(draining.Except([before[0]]).Order(), TopologyPlanner.Plan(Sitting(members, draining), wasSmall: false).Transits.Order());
        members[drained] = members[drained] with { IsOnline = true, Node = members[drained].Node with { IsTransit = false } };
        Assert.DoesNotContain(before[0], TopologyPlanner.Plan(members, wasSmall: false).Transits); // one that is none is not made one

        static TopologyNode[] Sitting(TopologyNode[] members, IReadOnlyCollection<NodeId> transits) =>
            [.. members.Select(member => member with { Node = member.Node with { IsTransit = transits.Contains(member.Node.Id) } })];
    }

    [Fact]
    public void Plan_OneFamilyEach_AddsATransitNodeThatHasBoth()
    {
        var members = Members(40).Select((member, i) => member with { Node = OneFamily(member.Node, ipv6: i < 20) }).ToArray();
        members[39] = members[39] with { Node = TestMesh.Node(40), IsOnline = false };
        var plan = TopologyPlanner.Plan(members, wasSmall: false);
        Assert.Contains(new NodeId(40), plan.Transits);
    }

    [Fact]
    public void Plan_TenThousandNodes_TakesNoLongerThanASecond()
    {
        var members = Members(10_000);
        // The quickest of some: what else the machine does is no fault of the planner's.
        var quickest = Enumerable.Range(0, 5).Min(_ => TimeOf(() => TopologyPlanner.Plan(members, wasSmall: false)));
        Assert.True(quickest < TimeSpan.FromSeconds(1), $"It took {quickest}.");
    }

    private static TimeSpan TimeOf(Action action)
    {
        var start = TimeProvider.System.GetTimestamp();
        action();
        return TimeProvider.System.GetElapsedTime(start);
    }

    [Fact]
    public void Between_TwoBehindNats_GoesByTransitWhereThereIsOne()
    {
        MeshNode a = Hidden(1), b = Hidden(2), transit = TestMesh.Node(3) with { IsTransit = true };
        Assert.Equal(PathKind.Transit, PathFinder.Between([transit], a, b).Kind);
        var none = PathFinder.Between([], a, b);
        Assert.Equal(PathKind.None, none.Kind);
        Assert.Contains("behind NATs", none.Reason, StringComparison.Ordinal);
        Assert.Equal(PathKind.Direct, PathFinder.Between([transit], a, transit).Kind);
    }

    [Fact]
    public void Between_IPv4OnlyAndIPv6Only_NeedsATransitNodeWithBoth()
    {
        MeshNode a = OneFamily(TestMesh.Node(1), ipv6: true), b = OneFamily(TestMesh.Node(2), ipv6: false);
        var half = OneFamily(TestMesh.Node(3) with { IsTransit = true }, ipv6: true);
        Assert.Equal(PathKind.None, PathFinder.Between([half], a, b).Kind);
        Assert.Equal(PathKind.Transit, PathFinder.Between([half, TestMesh.Node(4) with { IsTransit = true }], a, b).Kind);
    }

    private static TopologyNode[] Members(int count) =>
        [.. Enumerable.Range(1, count).Select(n => new TopologyNode(TestMesh.Node((uint)n), TransitRole.Auto, IsOnline: true, LinksUp: count - 1))];

    private static MeshNode Hidden(uint id) => TestMesh.Node(id) with { IsBehindNat = true };

    private static MeshNode OneFamily(MeshNode node, bool ipv6) => node with
    {
        Endpoints = [.. node.Endpoints.Where(endpoint => endpoint.EndPoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 == ipv6)],
    };
}
