using Meshover.Mesh.Paths;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class FrrRendererTests
{
    private static readonly System.Collections.Immutable.ImmutableArray<IPNetwork> Resting = [IPNetwork.Parse("10.249.0.98/32"), IPNetwork.Parse("fd00:6d65:7368::98/128")];
    private static readonly IPNetwork Prefix = IPNetwork.Parse("10.9.0.0/24");

    [Fact]
    public void Render_NodeWithATransitAndAPlainNeighbour_EqualsTheGoldenFiles()
    {
        var config = Render(Models.Node(3, 3, transit: 1));
        GoldenText.Equal("plain.zebra.conf", config.Zebra);
        GoldenText.Equal("plain.bgpd.conf", config.Bgpd);
        GoldenText.Equal("plain.bfdd.conf", config.Bfdd);
    }

    [Fact]
    public void Render_TransitNode_CarriesOthersRoutes() =>
        GoldenText.Equal("transit.bgpd.conf", Render(Models.Node(1, 3, 1, 2)).Bgpd);

    [Fact]
    public void Render_FurtherAndRestingAddresses_EqualTheGoldenFile()
    {
        var model = Models.Node(3, 3, transit: 1);
        var further = model.Neighbors[1] with { MayOriginate = [.. model.Neighbors[1].MayOriginate, new(IPNetwork.Parse("10.249.0.99/32")), new(IPNetwork.Parse("fd00:6d65:7368::99/128"))] };
        GoldenText.Equal("addresses.bgpd.conf", Render(model.With(model.Neighbors[0], further) with { Resting = Resting }).Bgpd);
    }

    [Fact]
    public void Render_FirstRestingAddress_IsAListAndAnotherMapOfTransitNeighbours_AndNoLineInAMapThatIsUsed()
    {
        var (before, after) = (Models.Node(3, 3, transit: 1), Models.Node(3, 3, transit: 1) with { Resting = Resting });
        var difference = ConfigDifference.Between(Render(before).Bgpd, Render(after).Bgpd);
        Assert.Empty(difference.Removals);
        Assert.DoesNotContain("route-map MO-IN-TWO-40 ", difference.Additions.Replace(" in\n", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("neighbor mo-00000001 route-map MO-IN-TWO-RESTING46-40 in\n", difference.Additions, StringComparison.Ordinal);
        Assert.Contains("no route-map MO-IN-TWO-40 permit 10\n", difference.Leftovers, StringComparison.Ordinal);
        Assert.NotEmpty(ChangedFilters.Commands(difference, Render(after).Bgpd));
        // A list that is not there is named by no map.
        var only4 = Render(before with { Resting = [Resting[0]] }).Bgpd;
        Assert.Contains("route-map MO-IN-TWO-RESTING4-40 deny 1\n", only4, StringComparison.Ordinal);
        Assert.DoesNotContain("match ipv6 address prefix-list MO-RESTING", only4, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_FurtherAddressThatComesOrGoes_ChangesOneLineOfItsNeighboursList()
    {
        var model = Models.Node(1, 3, 1);
        var others = Enumerable.Range(10, 40).Select(n => new RouteGrant(IPNetwork.Parse($"10.249.9.{n}/32"))).ToArray();
        RoutingModel With(IEnumerable<RouteGrant> further) => model.With(model.Neighbors[0], model.Neighbors[1] with { MayOriginate = [.. model.Neighbors[1].MayOriginate, .. further] });
        Assert.All(Lines(others).Skip(1), entry => Assert.InRange(entry, 2u, 999u));
        Assert.Single(LinesOf(With(others)).Except(LinesOf(With(others[..^1]))));
        Assert.Empty(LinesOf(With(others[..^1])).Except(LinesOf(With(others))));

        IEnumerable<uint> Lines(RouteGrant[] grants) => new PrefixLists(With(grants), System.Net.Sockets.AddressFamily.InterNetwork).Of(With(grants).Neighbors[1]).Where(entry => entry.Seq < 10_000).Select(entry => entry.Seq);
    }

    [Fact]
    public void Render_FirstNodeOfAMesh_HasNoNeighbourButAllItsPolicy()
    {
        var config = Render(Models.Node(1, 1));
        Assert.DoesNotContain("interface", config.Bgpd, StringComparison.Ordinal);
        Assert.Contains("network 10.64.1.0/24", config.Bgpd, StringComparison.Ordinal);
        Assert.Contains("neighbor MESH peer-group", config.Bgpd, StringComparison.Ordinal);
    }

    /// <summary>bfdd would have its own timers for a profile that is not there.</summary>
    [Fact]
    public void Render_TemplateForBfddWithOneProfile_GivesThatToAllLinks()
    {
        var directory = Directory.CreateTempSubdirectory("meshover-templates-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, "bfdd.conf.liquid"), "bfd\n profile MESH\n  detect-multiplier 5\n exit\nexit\n");
            var plain = Models.Node(1, 2);
            var model = plain with { Neighbors = [plain.Neighbors[0] with { BfdProfile = BfdProfile.Lossy }] };
            Assert.Contains(" neighbor mo-00000002 bfd profile MESH-LOSSY\n", Render(model).Bgpd, StringComparison.Ordinal);
            Assert.Contains(" neighbor mo-00000002 bfd profile MESH\n", FrrRenderer.Render(model, FrrTemplateSet.Load(directory)).Bgpd, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Render_HundredMoreNeighbours_17LinesMoreForEach()
    {
        var (at100, at200) = (Lines(Models.Node(1, 100, 2, 3)), Lines(Models.Node(1, 200, 2, 3)));
        Assert.Equal(17 * 100, at200 - at100);
    }

    [Fact]
    public void Render_GrantAdded_ChangesOneLineOfASharedListAndNoneOfOthers()
    {
        var before = Models.Node(3, 3, 1);
        var added = new OriginGrant(before.Neighbors[0].Asn, new RouteGrant(IPNetwork.Parse("10.1.0.0/20"), 24));
        var difference = LinesOf(before with { Grants = [added, .. before.Grants] }).Except(LinesOf(before)).ToList();
        Assert.Matches(@"^ip prefix-list MO-GRANTED seq \d+ permit 10\.1\.0\.0/20 le 24$", Assert.Single(difference));
    }

    [Fact]
    public void Render_NeighbourAdded_TakesNoLineAway()
    {
        var (before, after) = (LinesOf(Models.Node(1, 9, 2)), LinesOf(Models.Node(1, 10, 2)));
        Assert.Empty(before.Except(after));
    }

    [Fact]
    public void Render_SameGrantGivenToTwo_StandsOnceInTheSharedList()
    {
        var anycast = new RouteGrant(IPNetwork.Parse("10.9.0.0/24"));
        var model = Models.Node(3, 3, 1) with { Grants = [new(new Asn(4_200_000_001), anycast), new(new Asn(4_200_000_002), anycast)] };
        Assert.Single(Render(model).Bgpd.Split('\n'), l => l.Contains("10.9.0.0/24", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_PrefixWithAttributes_HasARouteMapOfItsOwn_AndNoOtherLineChanges()
    {
        var plain = Models.Node(1, 3);
        var attributed = plain with { Networks = [.. plain.Networks, new Announcement(IPNetwork.Parse("10.9.0.0/24")) { Med = 100, Communities = [new(65000, 1), new(65000, 2)] }] };
        Assert.Equal(
            ["  network 10.9.0.0/24 route-map MO-NET-10.9.0.0-24", " set community 65000:1 65000:2", " set metric 100", "route-map MO-NET-10.9.0.0-24 permit 10"],
            LinesOf(attributed).Except(LinesOf(plain)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Render_PrefixesThatYield_ShareOneRouteMap()
    {
        var plain = Models.Node(1, 3);
        Announcement[] hosts = [.. Enumerable.Range(1, 3).Select(i => new Announcement(IPNetwork.Parse($"10.9.0.{i}/32")) { Yields = true })];
        Assert.Equal(
            ["  network 10.9.0.1/32 route-map MO-YIELD", "  network 10.9.0.2/32 route-map MO-YIELD", "  network 10.9.0.3/32 route-map MO-YIELD",
                " set local-preference 50", " set weight 0", "route-map MO-YIELD permit 10"],
            LinesOf(plain with { Networks = [.. plain.Networks, .. hosts] }).Except(LinesOf(plain)).Order(StringComparer.Ordinal));
        Assert.Equal([" set local-preference 50", " set weight 0", "route-map MO-YIELD permit 10"], LinesOf(plain with { HasHosts = true }).Except(LinesOf(plain)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("no network", Change(new(Prefix), new(Prefix) { Yields = true }), StringComparison.Ordinal);
        Assert.Contains(" set weight 0\n set local-preference 50\n", Change(new(Prefix) { Med = 7 }, new(Prefix) { Med = 7, Yields = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_AttributesThatChange_AreReplacedInPlaceAndNothingIsWithdrawn()
    {
        Assert.Equal("route-map MO-NET-10.9.0.0-24 permit 10\n set metric 200\nexit\n", Change(new(Prefix) { Med = 100 }, new(Prefix) { Med = 200 }));
        Assert.Equal(
            "route-map MO-NET-10.9.0.0-24 permit 10\n set community 65000:1 65000:2\nexit\n",
            Change(new(Prefix) { Communities = [new(65000, 1)] }, new(Prefix) { Communities = [new(65000, 1), new(65000, 2)] }));
        Assert.DoesNotContain("no network", Change(new(Prefix) { Med = 100 }, new(Prefix)), StringComparison.Ordinal);
        Assert.DoesNotContain("no network", Change(new(Prefix), new(Prefix) { Med = 100 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "^42[0-9]{8}$", "_42[0-9]{8}_")]
    [InlineData(2, "^(42[0-9]{8}_)?42[0-9]{8}$", "_42[0-9]{8}_(.*_)?42[0-9]{8}_")]
    [InlineData(3, "^(42[0-9]{8}_)?(42[0-9]{8}_)?42[0-9]{8}$", "_42[0-9]{8}_(.*_)?42[0-9]{8}_(.*_)?42[0-9]{8}_")]
    public void Render_HopLimit_ShapesTheAsPathLists(int hops, string accepted, string notCarried)
    {
        var bgpd = Render(Models.Node(1, 3, 1) with { MaxMeshHops = hops }).Bgpd;
        Assert.Contains($"bgp as-path access-list MO-TWO seq 10 permit {accepted}\n", bgpd, StringComparison.Ordinal);
        Assert.Contains($"bgp as-path access-list MO-OUT seq 10 deny {notCarried}\n", bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_DefaultRouteGranted_IsTakenFromItsHolderButBogonsPoolsAndTunnelsAreNot()
    {
        var holder = Models.Neighbor(2) with { MayOriginate = [new(IPNetwork.Parse("10.249.0.2/32")), new(IPNetwork.Parse("0.0.0.0/0"), 32)] };
        var list = Render(Models.Node(1, 2).With(holder)).Bgpd.Split('\n').Where(l => l.StartsWith("ip prefix-list MO-FROM-00000002", StringComparison.Ordinal));
        GoldenText.Equal("default-granted.prefix-list.conf", string.Join('\n', list) + "\n");
    }

    [Fact]
    public void Render_NeighboursOfThreeCosts_ShareARouteMapForEachCost()
    {
        var model = Models.Node(1, 1).With(Models.Neighbor(2), Models.Neighbor(3, cost: 60), Models.Neighbor(4), Models.Neighbor(5, transit: true, cost: 60));
        var maps = Render(model).Bgpd.Split('\n').Where(l => l.StartsWith("route-map MO-IN", StringComparison.Ordinal));
        Assert.Equal(["route-map MO-IN-ONE-40 permit 5", "route-map MO-IN-ONE-40 permit 10", "route-map MO-IN-ONE-60 permit 5", "route-map MO-IN-ONE-60 permit 10", "route-map MO-IN-TWO-60 permit 5", "route-map MO-IN-TWO-60 permit 10"], maps);
        Assert.Equal(["  neighbor MESH route-map MO-OUT out", "  neighbor mo-00000003 route-map MO-OUT-60 out", "  neighbor mo-00000005 route-map MO-OUT-60 out"], [.. Render(model).Bgpd.Split('\n').Where(l => l.EndsWith(" out", StringComparison.Ordinal)).Distinct()]);
        Assert.Contains("route-map MO-OUT-60 permit 10\n match as-path MO-OUT\n set metric +60\nexit\n", Render(model).Bgpd, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "timers 3 9", "timers connect 1", "ra-interval 1")]
    [InlineData(7, "timers 3 9", "timers connect 1", "ra-interval 2")]
    [InlineData(17, "timers 10 30", "timers connect 1", "ra-interval 5")]
    [InlineData(27, "timers 10 30", "timers connect 1", "ra-interval 10")]
    [InlineData(401, "timers 10 30", "timers connect 4", "ra-interval 10")]
    [InlineData(3001, "timers 10 30", "timers connect 10", "ra-interval 10")]
    public void Render_MoreNeighbours_AreSpokenToLessOften(uint nodes, string timers, string connect, string advertisements)
    {
        var config = Render(Models.Node(1, nodes));
        Assert.Contains($" neighbor MESH {timers}\n neighbor MESH {connect}\n", config.Bgpd, StringComparison.Ordinal);
        Assert.Contains($" ipv6 nd {advertisements}\n", config.Zebra, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 0, 24, 1024)]
    [InlineData(300, 0, 24, 8192)] // 2 * (300 * (1 + 2 + 4) + 300) = 4800
    [InlineData(3, 10, 32, 16384)] // a /10 up to /32 counts as 4096 of its prefixes
    public void Render_PrefixesOfANeighbour_AreBoundedByTwiceWhatAllMayAnnounce(uint nodes, int length, int maxLength, long most)
    {
        var model = Models.Node(1, nodes);
        var grant = new RouteGrant(IPNetwork.Parse(length == 0 ? "10.1.0.0/24" : $"100.64.0.0/{length}"), maxLength);
        var bgpd = Render(model with { Grants = model.Grants.Add(new OriginGrant(model.Asn, grant)) }).Bgpd;
        Assert.Contains($"  neighbor MESH maximum-prefix {most} restart 5\n", bgpd[..bgpd.IndexOf(" address-family ipv6", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n1\nrouter bgp 1")]
    [InlineData("n 1")]
    [InlineData("")]
    public void Render_NameThatCouldEndALine_IsRefused(string name) =>
        Assert.Throws<ArgumentException>(() => Render(Models.Node(1, 2) with { HostName = name }));

    private static FrrConfig Render(RoutingModel model) => FrrRenderer.Render(model, FrrTemplateSet.Embedded);

    private static int Lines(RoutingModel model) => LinesOf(model).Count;

    private static string Change(Announcement before, Announcement after)
    {
        var model = Models.Node(1, 3);
        var difference = ConfigDifference.Between(Render(model with { Networks = [before] }).Bgpd, Render(model with { Networks = [after] }).Bgpd);
        return difference.Removals + difference.Additions + difference.Leftovers;
    }

    private static List<string> LinesOf(RoutingModel model)
    {
        var config = Render(model);
        return [.. $"{config.Zebra}{config.Bgpd}{config.Bfdd}".Split('\n')];
    }
}
