using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

/// <summary>Plans as text; <see cref="Golden"/> says how to update the files.</summary>
public sealed class NodePlannerTests
{
    [Fact]
    public void Plan_ThreeNodes_IsAFullMeshOfLinks() =>
        Golden.Check(Text(TestMesh.Of(Transit(1).Granted("10.64.1.0/24", "fd64:1::/64"), Transit(2).Granted("10.64.2.0/24"), Transit(3)), Announcing("10.64.1.0/24", "fd64:1::/64")), "three-nodes");

    [Fact]
    public void Plan_NodeAlone_HasNoPeersAndStillItsAddresses() => Golden.Check(Text(TestMesh.Full(1)), "alone");

    [Fact]
    public void Plan_PeerBehindNat_IsCalledWhereItWasSeenAndKeptAlive()
    {
        var hidden = TestMesh.Node(2) with
        {
            IsBehindNat = true,
            Endpoints = [TestMesh.At("192.168.1.5:12912"), TestMesh.At("203.0.113.9:12912", EndpointSource.SeenByController), TestMesh.At("203.0.113.9:40001", EndpointSource.SeenByPeer)],
        };
        Golden.Check(Text(TestMesh.Of(TestMesh.Node(1), hidden)), "peer-behind-nat");
    }

    [Fact]
    public void Plan_BothBehindOneNat_TryTheirInnerAddressesFirst()
    {
        static MeshNode Inner(uint id) => TestMesh.Node(id) with
        {
            IsBehindNat = true,
            Endpoints = [TestMesh.At("203.0.113.9:12912", EndpointSource.SeenByController), TestMesh.At($"192.168.1.{id}:12912")],
        };
        var peer = Plan(TestMesh.Of(Inner(1), Inner(2))).WireGuard.Peers[0];
        Assert.Equal(IPEndPoint.Parse("192.168.1.2:12912"), peer.Endpoints[0].EndPoint);
    }

    [Fact]
    public void Plan_AnnouncedButNotGranted_IsAWarningWithTheWayOut() =>
        Golden.Check(Text(TestMesh.Full(2), Announcing("10.64.9.0/24")), "not-granted");

    [Fact]
    public void Plan_SmallUnderlayMtu_NeverMakesALinkBelow1280AndWarns()
    {
        var plan = Plan(TestMesh.Full(2), health: new NodeHealth { UnderlayMtu = 1300 });
        Assert.Equal((1304, 1280), (plan.WireGuard.Mtu, plan.Links[0].Mtu));
        Assert.Contains("1300", Assert.Single(plan.Warnings).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1500, 1420, 1396)]
    [InlineData(9000, 8920, 8896)]
    [InlineData(1384, 1304, 1280)]
    public void Plan_UnderlayMtu_GivesTheLinksWhatIsLeft(int underlay, int wireGuard, int link)
    {
        var plan = Plan(TestMesh.Full(2), health: new NodeHealth { UnderlayMtu = underlay });
        Assert.Equal((wireGuard, link), (plan.WireGuard.Mtu, plan.Links[0].Mtu));
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void Plan_NoIPv6OnThisMachine_CallsPeersByIPv4Only()
    {
        var peer = Plan(TestMesh.Full(2), health: new NodeHealth { HasIPv6 = false }).WireGuard.Peers[0];
        Assert.Equal([IPEndPoint.Parse("192.0.2.2:12912")], peer.Endpoints.Select(candidate => candidate.EndPoint));
    }

    [Theory]
    [InlineData("10.249.0.2:12912")]
    [InlineData("[fd12:3456:789a::2]:12912")]
    [InlineData("198.18.0.2:12912")]
    [InlineData("127.0.0.1:12912")]
    [InlineData("[::1]:12912")]
    [InlineData("[fe80::2]:12912")]
    [InlineData("169.254.7.7:12912")]
    [InlineData("0.0.0.0:12912")]
    [InlineData("224.0.0.5:12912")]
    [InlineData("[::ffff:192.0.2.2]:12912")]
    public void Plan_EndpointThatIsNoneOfTheUnderlay_IsNeverCalled(string endpoint)
    {
        var odd = TestMesh.Node(2) with { Endpoints = [TestMesh.At(endpoint, EndpointSource.SeenByPeer)] };
        Assert.Empty(Plan(TestMesh.Of(TestMesh.Node(1), odd)).WireGuard.Peers[0].Endpoints);
    }

    [Fact]
    public void Plan_NoRouteToAnEndpoint_IsNotCalledThere()
    {
        var peer = Plan(TestMesh.Full(2), health: new NodeHealth { Routes = UnderlayRoutes.To([IPNetwork.Parse("192.0.2.0/24")]) }).WireGuard.Peers[0];
        Assert.Equal([IPEndPoint.Parse("192.0.2.2:12912")], peer.Endpoints.Select(candidate => candidate.EndPoint));
    }

    [Theory]
    [InlineData(true, "fd01::2", true, "192.0.2.2:12912")] // their site is not ours
    [InlineData(true, "fd02::2", true, "[fd02::2]:12912")] // a route of its own leads there
    [InlineData(false, "2001:db8::2", false, "192.0.2.2:12912")] // ours is a unique local one, theirs is not
    public void Plan_UniqueLocalAddresses_AreCalledFirstWhereTheyMeanSomethingToBoth(bool isGlobal, string theirs, bool hasDefault, string first)
    {
        string[] routes = ["192.0.2.0/24", "fd02::/64", "2001:db8::/32", .. hasDefault ? (string[])["::/0"] : []];
        var peer = TestMesh.Node(2) with { Endpoints = [TestMesh.At($"[{theirs}]:12912"), TestMesh.At("192.0.2.2:12912")] };
        var health = new NodeHealth { HasGlobalIPv6 = isGlobal, Routes = UnderlayRoutes.To(routes.Select(route => IPNetwork.Parse(route))) };
        var endpoints = Plan(TestMesh.Of(TestMesh.Node(1), peer), health: health).WireGuard.Peers[0].Endpoints;
        Assert.Equal(2, endpoints.Length);
        Assert.Equal(IPEndPoint.Parse(first), endpoints[0].EndPoint);
    }

    [Theory]
    [InlineData(new string[0], "[2001:db8::2]:12912")]
    [InlineData(new[] { "10.0.0.0/8" }, "10.1.0.2:12912")]
    [InlineData(new[] { "192.0.2.0/24", "10.0.0.0/8" }, "192.0.2.2:12912")]
    [InlineData(new[] { "203.0.113.0/24" }, "[2001:db8::2]:12912")]
    public void Plan_PreferredUnderlay_IsCalledFirst(string[] preferred, string first)
    {
        var peer = TestMesh.Node(2) with { Endpoints = [TestMesh.At("[2001:db8::2]:12912"), TestMesh.At("192.0.2.2:12912"), TestMesh.At("10.1.0.2:12912")] };
        var settings = new NodeSettings { PreferredUnderlay = [.. preferred.Select(prefix => IPNetwork.Parse(prefix))] };
        var endpoints = Plan(TestMesh.Of(TestMesh.Node(1), peer), settings).WireGuard.Peers[0].Endpoints;
        Assert.Equal(3, endpoints.Length);
        Assert.Equal(IPEndPoint.Parse(first), endpoints[0].EndPoint);
    }

    [Theory]
    [InlineData(9000, 1500, 1396)]
    [InlineData(1500, 9000, 1396)]
    [InlineData(9000, 0, 8896)] // an older node does not tell
    [InlineData(1500, 1492, 1388)]
    [InlineData(1500, 600, 1280)]
    public void Plan_UnderlaysOfTwoEndsDiffer_TheLinkFitsTheSmaller(int ours, int theirs, int link)
    {
        var plan = Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2) with { UnderlayMtu = theirs }, TestMesh.Node(3) with { UnderlayMtu = ours }), health: new NodeHealth { UnderlayMtu = ours });
        Assert.Equal(link, plan.Links[0].Mtu);
        Assert.Equal(ours - 104, plan.Links[1].Mtu);
    }

    [Fact]
    public void Plan_MapTooOld_MeetsNobodyAndGuardsWhatItGuarded()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Granted("10.64.2.0/24", "fd64:2::/64"));
        var plan = Plan(map, health: new NodeHealth { IsMapTooOld = true });
        Assert.Empty(plan.WireGuard.Peers);
        Assert.Empty(plan.Links);
        Assert.Empty(plan.Routing!.Neighbors);
        Assert.Equal(Plan(map).Kernel.Unreachable, plan.Kernel.Unreachable);
        Assert.Contains(IPNetwork.Parse("10.64.2.0/24"), plan.Kernel.Unreachable);
    }

    [Theory]
    [InlineData("10.64.1.0/24", 24, "10.0.0.0/8", true)] // our own network is longer anyway
    [InlineData("10.64.1.0/24", 24, "10.64.1.0/24", true)] // the guard stands behind the route, for when that goes
    [InlineData("10.64.1.0/24", 16, "10.64.1.0/24", false)] // by a gateway
    [InlineData("10.64.1.0/24", 0, "10.0.0.0/8", false)] // by the default route
    [InlineData("10.64.1.0/24", -1, "10.0.0.0/8", false)]
    [InlineData("10.64.0.0/16", 16, "10.64.7.0/24", false)] // a part of what is our own
    [InlineData("10.65.0.0/16", 0, "10.64.0.0/16", true)] // another one
    public void Plan_GuardOfAPrefixThatOverlapsOurOwn_StandsWhereItDoesNotCutUsOff(string own, int length, string granted, bool stands)
    {
        var map = TestMesh.Of(TestMesh.Node(1).Granted(own), TestMesh.Node(2).Granted(granted));
        var reach = new AnnouncedReach(IPNetwork.Parse(own), length, "", IsLost: false);
        Assert.Equal(stands, Plan(map, Announcing(own), new NodeHealth { Announced = [reach] }).Kernel.Unreachable.Contains(IPNetwork.Parse(granted)));
    }

    [Fact]
    public void Plan_WithdrawnAnnouncement_IsNotOriginatedAndStillKnownAsOurs()
    {
        var map = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"), TestMesh.Node(2));
        var withdrawn = new Announcement(IPNetwork.Parse("10.64.1.0/24")) { IsWithdrawn = true };
        var plan = Plan(map, new NodeSettings { Announce = [withdrawn] }, new NodeHealth());
        Assert.DoesNotContain(withdrawn.Prefix, plan.Routing!.Networks.Select(network => network.Prefix));
        Assert.DoesNotContain(withdrawn.Prefix, plan.Kernel.Unreachable); // its workloads are reached by the default route, as before
        Assert.Contains(withdrawn with { IsWithdrawn = false, Med = 9 },
            Plan(map, new NodeSettings { Announce = [withdrawn with { IsWithdrawn = false, Med = 9 }] }, new NodeHealth()).Routing!.Networks);
    }

    [Fact]
    public void Plan_AnnouncedPrefixWithoutItsInterface_IsWithdrawnGuardedAndNamed()
    {
        var map = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24", "10.65.0.0/16"), TestMesh.Node(2));
        var lost = new AnnouncedReach(IPNetwork.Parse("10.64.1.0/24"), 0, "lan0", IsLost: true);
        var plan = Plan(map, Announcing("10.64.1.0/24", "10.65.0.0/16"), new NodeHealth { Announced = [lost] });
        Assert.DoesNotContain(lost.Prefix, plan.Routing!.Networks.Select(network => network.Prefix));
        Assert.Contains(IPNetwork.Parse("10.65.0.0/16"), plan.Routing.Networks.Select(network => network.Prefix));
        Assert.Contains(lost.Prefix, plan.Kernel.Unreachable);
        Assert.Contains("lan0 is down", Assert.Single(plan.Warnings).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_HostsOnABridge_LeaveTheGuardOfTheirGrant_WhereEachIsReachedByTheBridge()
    {
        var others = Enumerable.Range(0, 3000).Select(i => $"10.{80 + (i / 256)}.{i % 256}.0/24").ToArray();
        var map = TestMesh.Of(TestMesh.Node(1).Granted("10.70.0.0/16"), TestMesh.Node(2).Granted(others));
        var hosts = Enumerable.Range(0, 4096).Select(i => $"10.70.{i / 256}.{i % 256}/32").ToArray();
        var reached = new NodeHealth { Announced = [.. hosts.Select(host => new AnnouncedReach(IPNetwork.Parse(host), 16, "", IsLost: false))] };
        var guarded = Plan(map, Announcing(hosts), reached).Kernel.Unreachable;
        Assert.Contains(IPNetwork.Parse("10.70.0.0/16"), guarded);
        Assert.Equal(3003, guarded.Length);
        var one = reached with { Announced = [.. reached.Announced.Skip(1), new AnnouncedReach(IPNetwork.Parse(hosts[0]), 0, "", IsLost: false)] };
        Assert.DoesNotContain(IPNetwork.Parse("10.70.0.0/16"), Plan(map, Announcing(hosts), one).Kernel.Unreachable);
    }

    [Theory]
    [InlineData(false, "0.0.0.0/0", 0, "")]
    [InlineData(true, "0.0.0.0/0", 0, "0.0.0.0/0 le 0")]
    [InlineData(false, "0.0.0.0/0", 24, "0.0.0.0/1 le 24, 128.0.0.0/1 le 24")]
    [InlineData(false, "::/0", 48, "::/1 le 48, 8000::/1 le 48")]
    [InlineData(false, "0.0.0.0/1", 1, "0.0.0.0/1 le 1")]
    public void Plan_GrantOfTheDefaultRoute_IsTakenWhereTheOperatorWantsIt(bool accepts, string prefix, int longest, string taken)
    {
        var exit = TestMesh.Node(2) with { Grants = [new RouteGrant(IPNetwork.Parse(prefix), longest)] };
        var routing = Plan(TestMesh.Of(TestMesh.Node(1), exit), new NodeSettings { AcceptDefault = accepts }).Routing!;
        Assert.Equal(taken, string.Join(", ", routing.Grants.Select(grant => $"{grant.Grant.Prefix} le {grant.Grant.MaxLength}")));
        Assert.Equal(taken, string.Join(", ", routing.Neighbors[0].MayOriginate.Skip(2).Select(grant => $"{grant.Prefix} le {grant.MaxLength}")));
    }

    [Theory]
    [InlineData("10.0.0.0/16", "10.0.0.0/24", false, "10.0.0.0/16")]
    [InlineData("10.0.0.0/16", "10.0.0.0/24", true, "10.0.0.0/16, 10.0.0.0/24")]
    [InlineData("10.0.0.0/16", "10.0.255.0/24", false, "10.0.0.0/16")]
    [InlineData("10.0.0.0/16", "10.1.0.0/24", false, "10.0.0.0/16, 10.1.0.0/24")]
    [InlineData("10.0.0.0/16", "10.0.0.0/16", true, "10.0.0.0/16")]
    [InlineData("fd64::/32", "fd64:0:1::/64", false, "fd64::/32")]
    [InlineData("fd64::/32", "fd64:0:1::/64", true, "fd64:0:1::/64, fd64::/32")]
    [InlineData("192.0.0.0/16", "192.0.3.0/24", false, "192.0.3.0/24")] // the whole covers the underlay, and has no guard
    [InlineData("10.249.0.0/16", "10.248.0.0/14", false, "10.248.0.0/14")] // a pool keeps its own
    public void Plan_GrantInAnother_IsGuardedWhereItIsPinnedOrTheOtherIsNot(string whole, string part, bool isPinned, string guarded)
    {
        var owner = TestMesh.Node(3) with { Grants = [new RouteGrant(IPNetwork.Parse(part)) { IsPinned = isPinned }] };
        var plan = Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Granted(whole), owner));
        Assert.Equal($"10.249.0.0/16, fd12:3456:789a::/48, {guarded}", string.Join(", ", plan.Kernel.Unreachable));
    }

    [Fact]
    public void Plan_NameOfAGrant_IsNoMatterOfRouting()
    {
        var grant = new RouteGrant(IPNetwork.Parse("10.9.0.1/32"));
        NodePlan Of(RouteGrant held) => Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2) with { Grants = [held] }));
        Assert.Equal(Of(grant).ForRouting, Of(grant with { Name = "shop" }).ForRouting);
    }

    [Fact]
    public void Plan_GrantsInGrantsInGrants_OneGuardCoversThemAll()
    {
        string[] grants = ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/16", "10.255.255.0/24", "11.0.0.0/24"];
        var plan = Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Granted(grants)));
        Assert.Equal(["10.0.0.0/8", "11.0.0.0/24"], plan.Kernel.Unreachable.Skip(2).Select(prefix => prefix.ToString()));
    }

    [Fact]
    public void Plan_GrantCoversTheUnderlay_IsNotMadeUnreachable()
    {
        // Loose rp_filter drops what comes from a source whose route is unreachable: the tunnels would never come up again.
        var plan = Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Granted("192.0.2.0/24", "10.64.2.0/24", "0.0.0.0/0")));
        Assert.Equal(["10.249.0.0/16", "fd12:3456:789a::/48", "10.64.2.0/24"], plan.Kernel.Unreachable.Select(prefix => prefix.ToString()));
    }

    [Theory]
    [InlineData(2, 300)]
    [InlineData(150, 300)]
    [InlineData(151, 350)]
    [InlineData(1000, 2000)]
    public void Plan_ManyNeighbors_SlowsBfdToFiveHundredPacketsASecond(int neighbors, int interval)
    {
        var plan = Plan(TestMesh.Full(neighbors + 1));
        Assert.Equal(interval, plan.Routing!.Bfd.Wan.IntervalMs);
        Assert.True(neighbors * 1000.0 / interval <= 500);
    }

    [Fact]
    public void Plan_BfdRateOfTheOperator_DecidesHowSlowBfdIs()
    {
        var plan = Plan(TestMesh.Full(30), new NodeSettings { BfdPacketsPerSecond = 33 });
        Assert.Equal(900, plan.Routing!.Bfd.Wan.IntervalMs);
    }

    /// <summary>The end's half of a link: the least, what was measured, and what the operator adds; a node's own word before that of its site.</summary>
    [Fact]
    public void Plan_CostOfALink_IsWhatIsMeasuredAndWhatIsAdded()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2), TestMesh.Node(3) with { Site = "tokyo" }, TestMesh.Node(4) with { Site = "tokyo" });
        var health = new NodeHealth { Links = ImmutableSortedDictionary<NodeId, LinkQuality>.Empty.Add(new NodeId(2), new LinkQuality(5, IsJittery: true, Loss: 1)).Add(new NodeId(9), new LinkQuality(9, IsJittery: false, Loss: 0)) };
        var settings = new NodeSettings { LinkCosts = [new("", "tokyo", 70), new("n4", "", 0)] };
        var costs = Plan(map, settings, health).Routing!.Neighbors.Select(neighbor => neighbor.Cost);
        Assert.Equal([40 + 95 + 50 + 100, 40 + 70, 40], costs);
    }

    /// <summary>A name of this node itself is one of them: it has no link with itself.</summary>
    [Fact]
    public void Plan_SettingsOfLinksThatAreNobodys_AreTold()
    {
        var map = TestMesh.Of(TestMesh.Node(1) with { Site = "osaka" }, TestMesh.Node(2) with { Site = "tokyo" });
        var settings = new NodeSettings
        {
            LinkCosts = [new("", "tokyo", 70), new("n2", "", 5), new("n9", "", 5)],
            BfdProfiles = [new("", "", BfdProfile.Wan), new("n9", "", null), new("n1", "", null), new("", "osaka", null)],
        };
        Assert.Equal(["n9", "n1", "site:osaka"], Plan(map, settings, new NodeHealth()).Warnings.Where(warning => warning.Kind == FindingKinds.LinkOfNobody).Select(warning => warning.Subject));
    }

    [Fact]
    public void Plan_ProfileOfBfd_IsTheOperatorsBeforeWhatIsMeasured()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2), TestMesh.Node(3) with { Site = "tokyo" }, TestMesh.Node(4) with { Site = "tokyo" }, TestMesh.Node(5));
        var measured = new LinkQuality(0, IsJittery: false, Loss: 0) { Bfd = BfdProfile.Lan };
        var health = new NodeHealth { Links = new[] { 2u, 3u, 4u, 5u }.ToImmutableSortedDictionary(id => new NodeId(id), _ => measured) };
        IEnumerable<BfdProfile> Of(params ImmutableArray<BfdChoice> choices) => Plan(map, new NodeSettings { BfdProfiles = choices }, health).Routing!.Neighbors.Select(neighbor => neighbor.BfdProfile);
        Assert.Equal([BfdProfile.Lan, BfdProfile.Lan, BfdProfile.Lan, BfdProfile.Lan], Of());
        Assert.Equal([BfdProfile.Wan, BfdProfile.Lossy, BfdProfile.Lan, BfdProfile.Wan], Of(new("", "", BfdProfile.Wan), new("", "tokyo", BfdProfile.Lossy), new("n4", "", null)));
        Assert.All(Plan(map, new NodeSettings { MeasuredCost = false }, health).Routing!.Neighbors, neighbor => Assert.Equal((LinkCost.Base, BfdProfile.Lan), (neighbor.Cost, neighbor.BfdProfile)));
    }

    [Fact]
    public void Plan_ComponentsLeftOut_AreNotInThePlan()
    {
        var plan = Plan(TestMesh.Full(3), new NodeSettings { Dataplane = false, Routing = false });
        Assert.Empty(plan.WireGuard.Peers);
        Assert.Empty(plan.Links);
        Assert.Null(plan.Routing);
    }

    [Fact]
    public void Plan_WithoutFrr_KeepsTunnelsAliveSoThatSilenceIsSeen() =>
        Assert.Equal(10, Plan(TestMesh.Full(2), new NodeSettings { Routing = false }).WireGuard.Peers[0].PersistentKeepalive);

    [Fact]
    public void Plan_AdvertiseOff_HoldsThePrefixesBackAndNotTheAddresses()
    {
        var plan = Plan(TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"), TestMesh.Node(2)), Announcing("10.64.1.0/24") with { Advertise = false });
        Assert.Equal(["10.249.0.1/32", "fd12:3456:789a::1/128"], plan.Routing!.Networks.Select(network => network.Prefix.ToString()));
    }

    [Fact]
    public void Plan_OfEachPair_ExactlyOneCallsFirst()
    {
        var map = TestMesh.Full(6);
        foreach (var a in map.Nodes.Keys)
        {
            foreach (var b in map.Nodes.Keys.Where(b => b != a))
                Assert.NotEqual(CallsFirst(map, a, b), CallsFirst(map, b, a));
        }
    }

    [Fact]
    public void Plan_NodeThatIsNotInTheMap_IsAnError() => Assert.Throws<ArgumentException>(() => Plan(TestMesh.Of(TestMesh.Node(2))));

    private static bool CallsFirst(MeshMap map, NodeId self, NodeId peer) =>
        NodePlanner.Plan(map, self, new NodeSettings(), new NodeCapabilities(), new NodeHealth()).WireGuard.Peers.Single(p => p.Node == peer).CallsFirst;

    private static MeshNode Transit(uint id) => TestMesh.Node(id) with { IsTransit = true };

    private static NodeSettings Announcing(params string[] prefixes) => new() { Announce = [.. prefixes.Select(prefix => IPNetwork.Parse(prefix))] };

    private static string Text(MeshMap map, NodeSettings? settings = null) => PlanText.Of(Plan(map, settings));

    private static NodePlan Plan(MeshMap map, NodeSettings? settings = null, NodeHealth? health = null) =>
        NodePlanner.Plan(map, new NodeId(1), settings ?? new NodeSettings(), new NodeCapabilities(), health ?? new NodeHealth());
}
