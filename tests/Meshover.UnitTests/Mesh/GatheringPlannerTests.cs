using System.Net;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

public sealed class GatheringPlannerTests
{
    [Fact]
    public void Plan_RangeInAGrant_IsGatheredByWhoClaimsIt_AndTheMeshsOwnIsLeftOut()
    {
        var plan = Plan(TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"), Owner(3, "203.0.113.0/24", "203.0.113.0/25")));
        Assert.Equal("203.0.113.0/25: n3 100", Text(plan));
        Assert.Equal(IPAddress.Parse("10.249.0.3"), plan.Ranges[0].Owners[0].Address);
        Assert.Equal(
            ["10.64.1.0/24", "10.249.0.0/16", "169.254.0.0/16", "198.18.0.0/15", "203.0.113.0/24", "224.0.0.0/4", "fd12:3456:789a::/48", "fe80::/10", "ff00::/8"],
            plan.Inside.Select(prefix => prefix.ToString()));
        Assert.Empty(plan.Spared);
        Assert.False(plan.FallsBack);
    }

    [Theory]
    [InlineData("203.0.113.0/24", "203.0.112.0/23")] // more than is granted
    [InlineData("203.0.113.0/24", "198.51.100.0/24")] // something else
    [InlineData("203.0.113.0/24", "2001:db8::/32")] // of the other family
    [InlineData("0.0.0.0/0", "0.0.0.0/0")] // a whole family, be it granted
    [InlineData("::/0", "::/0")]
    public void Plan_RangeThatNobodyMayHave_IsNotGathered(string granted, string range)
    {
        var map = TestMesh.Of(TestMesh.Node(1), Owner(3, granted, range));
        Assert.Same(GatheringPlan.None, Plan(map));
        Assert.Contains($"{range} is to be gathered here but lies in no prefix that this node is granted for gathering", Warnings(map, 3, range), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_SeveralOwners_AreAskedByPriorityThenById_AndTheOneThatIsNoMemberIsNone()
    {
        var map = TestMesh.Of(
            TestMesh.Node(1), Owner(5, "203.0.113.0/24", "203.0.113.0/24"), Owner(2, "203.0.113.0/24", "203.0.113.0/24"), Owner(3, "203.0.113.0/24", "203.0.113.0/24", 200),
            Owner(4, "203.0.113.0/24", "203.0.113.0/24", 50, isFailing: true));
        Assert.Equal("203.0.113.0/24: n3 200, n2 100, n5 100, n4 50 failing", Text(Plan(map)));
        Assert.Equal("203.0.113.0/24: n2 100, n5 100, n4 50 failing", Text(Plan(map with { Nodes = map.Nodes.Remove(new NodeId(3)) })));
    }

    [Fact]
    public void Plan_OwnersOfOnePriority_ShareTheNodes_AndOneThatGoesMovesItsPartAlone()
    {
        MeshNode[] owners = [.. ((uint[])[2, 3, 4, 5]).Select(id => Owner(id, "203.0.113.0/24", "203.0.113.0/24"))];
        var before = First(owners);
        foreach (var owner in owners)
            Assert.InRange(before.Count(choice => choice.Value == owner.Id), 35, 65); // of 200 nodes
        var after = First(owners[1..]);
        Assert.All(before.Where(choice => choice.Value != owners[0].Id), choice => Assert.Equal(choice.Value, after[choice.Key]));
        Assert.Equal(owners[2].Id, Choice(TestMesh.Of(owners), owners[2].Id)); // what gathers itself has its own

        static Dictionary<uint, NodeId> First(MeshNode[] owners) => Enumerable.Range(100, 200).Select(id => (uint)id)
            .ToDictionary(id => id, id => Choice(TestMesh.Of([TestMesh.Node(id), .. owners]), new NodeId(id)));

        static NodeId Choice(MeshMap map, NodeId me) => OwnerChoice.Of(
            NodePlanner.Plan(map, me, Gathering("203.0.113.0/24"), new NodeCapabilities(), new NodeHealth()).Kernel.Gathering.Ranges.Single().Owners, _ => TimeSpan.Zero, _ => true, present: null)!.Node;
    }

    [Fact]
    public void Plan_OverlappingRanges_TheLongestComesFirst() => Assert.Equal(
        "203.0.113.128/25: n3 100; 203.0.113.0/24: n2 100; 203.0.112.0/20: n2 100; 2001:db8:7::/48: n2 100",
        Text(Plan(TestMesh.Of(
            TestMesh.Node(1), Owner(3, "203.0.113.128/25", "203.0.113.128/25"),
            TestMesh.Node(2).GrantedToGather("203.0.112.0/20", "2001:db8:7::/48") with { Gathers = Claims(["203.0.112.0/20", "2001:db8:7::/48", "203.0.113.0/24"]) }))));

    [Fact]
    public void Plan_OwnClaims_AreThoseOfTheSettings_WhateverTheMapStillSays()
    {
        var map = TestMesh.Of(Owner(1, "203.0.113.0/24", "203.0.113.0/24"), TestMesh.Node(2));
        Assert.Same(GatheringPlan.None, Plan(map));
        var owner = NodePlanner.Plan(map, new NodeId(1), Gathering("203.0.113.0/26", "192.0.2.0/24"), new NodeCapabilities(), new NodeHealth { IsGatherFailing = true })
            .Kernel.Gathering.Ranges.Single();
        Assert.Equal(IPNetwork.Parse("203.0.113.0/26"), owner.Range);
        Assert.True(owner.Owners.Single() is { IsSelf: true, IsFailing: true });
    }

    [Fact]
    public void Plan_OwnUnderlayAddressInTheRange_IsSpared() => Assert.Equal(
        ["192.0.2.1"], Plan(TestMesh.Of(TestMesh.Node(1), Owner(3, "192.0.2.0/24", "192.0.2.0/24"))).Spared.Select(address => address.ToString()));

    [Fact]
    public void Plan_MapTooOld_StillKnowsWhatMustNotLeaveHere()
    {
        var map = TestMesh.Of(TestMesh.Node(1), Owner(3, "203.0.113.0/24", "203.0.113.0/24"));
        Assert.Equal("203.0.113.0/24: n3 100", Text(NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth { IsMapTooOld = true }).Kernel.Gathering));
    }

    [Fact]
    public void Plan_GrantThatDoesNotAllowIt_IsNoRightToGather()
    {
        var map = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"), TestMesh.Node(2).Granted("10.0.0.0/8") with { Gathers = Claims(["10.64.1.0/24", "10.64.1.0/25"]) });
        Assert.Same(GatheringPlan.None, Plan(map));
        Assert.Contains("An administrator grants it with `meshover grant add n2 10.64.1.0/24 --gather`.", Warnings(map, 2, "10.64.1.0/24"), StringComparison.Ordinal);
        Assert.DoesNotContain("The others do not know", Warnings(map, 2, "10.64.1.0/24"), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_ClaimThatTheMapDoesNotHold_IsSaidToItsOwner()
    {
        var map = TestMesh.Of(TestMesh.Node(1).GrantedToGather("203.0.113.0/24") with { Gathers = Claims(["203.0.113.0/25"]) });
        Assert.Contains("The others do not know that 203.0.113.0/24 is gathered here", Warnings(map, 1, "203.0.113.0/25", "203.0.113.0/24"), StringComparison.Ordinal);
        Assert.DoesNotContain("The others", Warnings(map, 1, "203.0.113.0/25"), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OwnAddressesAsTheMachineSeesThem_AreSpared_ButForWorkloadsOnIt() => Assert.Equal(
        ["192.0.2.1", "192.0.2.77"],
        NodePlanner.Plan(
            TestMesh.Of(TestMesh.Node(1).Granted("192.0.2.11/32"), Owner(3, "192.0.2.0/24", "192.0.2.0/24")), new NodeId(1), new NodeSettings(), new NodeCapabilities(),
            new NodeHealth { Addresses = [IPAddress.Parse("192.0.2.77"), IPAddress.Parse("192.0.2.11"), IPAddress.Parse("198.51.100.1")] })
            .Kernel.Gathering.Spared.Select(address => address.ToString()));

    [Fact]
    public void Plan_MoreRangesThanRules_EachNodeHasItsTurnAndItIsSaid()
    {
        MeshNode Many(uint node, int first) => TestMesh.Node(node).GrantedToGather("198.51.100.0/24") with
        {
            Gathers = Claims([.. Enumerable.Range(first, 40).Select(number => $"198.51.100.{number}/32")]),
        };
        var map = TestMesh.Of(TestMesh.Node(1), Many(2, 0), Many(3, 100), Owner(4, "203.0.113.0/24", "203.0.113.0/24"));
        var taken = Plan(map).Ranges;
        Assert.Equal(
            [(2u, 20), (3u, 19), (4u, 1)],
            taken.GroupBy(range => range.Owners.Single().Node.Value).OrderBy(node => node.Key).Select(node => (node.Key, node.Count())));
        Assert.Contains("65 IPv4 ranges are to be gathered, of which a node takes 40, in turn of each node that gathers: not 198.51.100.20/32, ", Warnings(map, 1), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_ClaimsThatThisReleaseCannotRead_AreNamed() => Assert.Contains(
        "n3 gathers more ranges than this release can read",
        Warnings(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(3) with { Gathers = new GatherClaims { IsPartial = true } }), 1), StringComparison.Ordinal);

    private static MeshNode Owner(uint id, string granted, string range, int priority = 100, bool isFailing = false) =>
        TestMesh.Node(id).GrantedToGather(granted) with { Gathers = Claims([range]) with { Priority = priority, IsFailing = isFailing } };

    private static GatherClaims Claims(string[] ranges) => new() { Ranges = [.. ranges.Select(range => IPNetwork.Parse(range))] };

    private static NodeSettings Gathering(params string[] ranges) => new() { Gather = [.. ranges.Select(range => IPNetwork.Parse(range))] };

    private static GatheringPlan Plan(MeshMap map) => NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth()).Kernel.Gathering;

    private static string Warnings(MeshMap map, uint self, params string[] gather) =>
        string.Join('\n', NodePlanner.Plan(map, new NodeId(self), Gathering(gather), new NodeCapabilities(), new NodeHealth()).Warnings.Select(warning => warning.Text));

    private static string Text(GatheringPlan plan) => string.Join("; ", plan.Ranges.Select(range =>
        $"{range.Range}: {string.Join(", ", range.Owners.Select(owner => $"{owner.HostName} {owner.Priority}{(owner.IsFailing ? " failing" : "")}"))}"));
}
