using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class ConfigDifferenceTests
{
    [Fact]
    public void Between_SameConfiguration_IsNothing()
    {
        var bgpd = Bgpd(Models.Node(1, 5, 1));
        Assert.Equal(new ConfigDifference("", "", "", 0), ConfigDifference.Between(bgpd, bgpd));
    }

    [Fact]
    public void Between_NeighbourLess_TakesItAwayByOneLineBeforeItsLists()
    {
        var (three, two) = (Models.Node(1, 3), Models.Node(1, 2) with { Grants = Models.Node(1, 3).Grants });
        var difference = ConfigDifference.Between(Bgpd(three), Bgpd(two));
        Assert.Equal("", difference.Additions);
        Assert.Equal("""
            router bgp 4200000001
             no neighbor mo-00000003 interface v6only remote-as 4200000003
            exit

            """, difference.Removals);
        Assert.Equal("""
            no ipv6 prefix-list MO-FROM-00000003 seq 1017361 permit fd64:3::/64
            no ipv6 prefix-list MO-FROM-00000003 seq 1 permit fd00:6d65:7368::3/128
            no ip prefix-list MO-FROM-00000003 seq 6272081 permit 10.64.3.0/24 le 26
            no ip prefix-list MO-FROM-00000003 seq 1 permit 10.249.0.3/32

            """, difference.Leftovers);
    }

    [Fact]
    public void Between_NeighbourMore_AddsItsListsBeforeItself()
    {
        var (two, three) = (Models.Node(1, 2) with { Grants = [] }, Models.Node(1, 3) with { Grants = [] });
        var difference = ConfigDifference.Between(Bgpd(two), Bgpd(three));
        Assert.Equal("", difference.Removals);
        Assert.Equal("""
            ip prefix-list MO-FROM-00000003 seq 1 permit 10.249.0.3/32
            ip prefix-list MO-FROM-00000003 seq 6272081 permit 10.64.3.0/24 le 26
            ipv6 prefix-list MO-FROM-00000003 seq 1 permit fd00:6d65:7368::3/128
            ipv6 prefix-list MO-FROM-00000003 seq 1017361 permit fd64:3::/64
            router bgp 4200000001
             neighbor mo-00000003 interface v6only remote-as 4200000003
             neighbor mo-00000003 peer-group MESH
             neighbor mo-00000003 port 12914
             neighbor mo-00000003 bfd profile MESH
             address-family ipv4 unicast
              neighbor mo-00000003 prefix-list MO-FROM-00000003 in
              neighbor mo-00000003 route-map MO-IN-ONE-40 in
             exit
             address-family ipv6 unicast
              neighbor mo-00000003 prefix-list MO-FROM-00000003 in
              neighbor mo-00000003 route-map MO-IN-ONE-40 in
             exit
            exit

            """, difference.Additions);
    }

    [Fact]
    public void Between_NeighbourWithAnotherAsn_RemovesItAndAddsAllOfItAgain()
    {
        var model = Models.Node(1, 2);
        var other = model.With(Models.Neighbor(2) with { Asn = new(4_200_000_077) });
        var difference = ConfigDifference.Between(Bgpd(model), Bgpd(other));
        Assert.Equal("router bgp 4200000001\n no neighbor mo-00000002 interface v6only remote-as 4200000002\nexit\n", difference.Removals);
        Assert.Contains("neighbor mo-00000002 port 12914", difference.Additions, StringComparison.Ordinal);
        Assert.Contains("neighbor mo-00000002 route-map MO-IN-ONE-40 in", difference.Additions, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_CostChanged_OverwritesTheNeighboursPolicyAndNeverLeavesItWithoutOne()
    {
        var model = Models.Node(1, 3);
        var dearer = model.With(Models.Neighbor(2, cost: 50), Models.Neighbor(3));
        var difference = ConfigDifference.Between(Bgpd(model), Bgpd(dearer));
        Assert.Equal("", difference.Removals);
        Assert.Contains("route-map MO-IN-ONE-50 permit 10\n match as-path MO-ONE\n set metric +50\n", difference.Additions, StringComparison.Ordinal);
        Assert.Contains("  neighbor mo-00000002 route-map MO-IN-ONE-50 in\n", difference.Additions, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_LastNeighbourOfACost_TakesItsRouteMapAwayAsAWhole()
    {
        var model = Models.Node(1, 1).With(Models.Neighbor(2), Models.Neighbor(3, cost: 50));
        var difference = ConfigDifference.Between(Bgpd(model), Bgpd(Models.Node(1, 1).With(Models.Neighbor(2))));
        Assert.Contains("no route-map MO-IN-ONE-50 permit 10\n", difference.Leftovers, StringComparison.Ordinal);
        Assert.DoesNotContain("no set metric", difference.Removals + difference.Leftovers, StringComparison.Ordinal);
    }

    /// <summary>A neighbour that names a map which is not there takes nothing, and is told nothing: so it gets its new ones first.</summary>
    [Fact]
    public void Between_CostThatIsTheLeastAgain_TakesItsRouteMapsAwayWhenNobodyHasThem()
    {
        var model = Models.Node(1, 3);
        var difference = ConfigDifference.Between(Bgpd(model.With(Models.Neighbor(2, cost: 50), Models.Neighbor(3))), Bgpd(model.With(Models.Neighbor(2), Models.Neighbor(3))));
        Assert.DoesNotContain("no route-map", difference.Removals + difference.Additions, StringComparison.Ordinal);
        Assert.Contains("  no neighbor mo-00000002 route-map MO-OUT-50 out\n", difference.Removals, StringComparison.Ordinal);
        Assert.Contains("neighbor mo-00000002 route-map MO-IN-ONE-40 in", difference.Additions, StringComparison.Ordinal);
        Assert.Equal("no route-map MO-IN-ONE-50 permit 10\nno route-map MO-IN-ONE-50 permit 5\nno route-map MO-OUT-50 permit 10\n", difference.Leftovers);
    }

    /// <summary>A map whose list is gone takes what the list would have kept out: a snippet's list stays for as long as its map may be in use.</summary>
    [Theory]
    [InlineData("ip prefix-list BAD seq 5 permit 10.0.0.0/8")]
    [InlineData("access-list BAD seq 5 permit 10.0.0.0/8")]
    [InlineData("ipv6 access-list BAD seq 5 permit 2001:db8::/32")]
    [InlineData("bgp as-path access-list BAD seq 5 permit _1_")]
    [InlineData("bgp community-list standard BAD seq 5 permit 1:1")]
    [InlineData("bgp community-list 5 seq 5 permit 1:1")]
    public void Between_MapOfASnippetExchanged_KeepsItsListUntilTheOtherIsInUse(string list)
    {
        var lists = $"{list}\nroute-map MINE deny 10\n match something BAD\nexit\nroute-map MINE permit 20\nexit\n";
        const string Other = "route-map OTHER deny 10\nexit\n";
        var difference = ConfigDifference.Between($"{lists}router bgp 1\n neighbor x route-map MINE in\nexit\n", $"{Other}router bgp 1\n neighbor x route-map OTHER in\nexit\n");
        Assert.Equal("", difference.Removals);
        Assert.Equal("route-map OTHER deny 10\nrouter bgp 1\n neighbor x route-map OTHER in\nexit\n", difference.Additions);
        Assert.Equal($"no route-map MINE permit 20\nno route-map MINE deny 10\nno {list}\n", difference.Leftovers);
    }

    [Fact]
    public void Between_NetworkExchanged_IsRemovedAndAdded_NotOverwritten()
    {
        var difference = ConfigDifference.Between(
            "router bgp 1\n address-family ipv4 unicast\n  network 10.0.0.0/8\n exit-address-family\nexit\n",
            "router bgp 1\n address-family ipv4 unicast\n  network 11.0.0.0/8\n exit-address-family\nexit\n");
        Assert.Equal("router bgp 1\n address-family ipv4 unicast\n  no network 10.0.0.0/8\n exit\nexit\n", difference.Removals);
        Assert.Equal("router bgp 1\n address-family ipv4 unicast\n  network 11.0.0.0/8\n exit\nexit\n", difference.Additions);
        Assert.Equal(2, difference.Commands);
    }

    [Fact]
    public void Between_NegativeLineGone_IsNegatedToItsPositive()
    {
        var difference = ConfigDifference.Between("router bgp 1\n no bgp network import-check\n", "router bgp 1\n");
        Assert.Equal("router bgp 1\n bgp network import-check\nexit\n", difference.Removals);
    }

    [Fact]
    public void Between_InterfaceGone_KeepsThePlaceAndTakesAwayItsLines()
    {
        var difference = ConfigDifference.Between("interface mo-1\n ipv6 nd ra-interval 1\nexit\n", "hostname x\n");
        Assert.Equal("interface mo-1\n no ipv6 nd ra-interval 1\nexit\n", difference.Removals);
    }

    [Fact]
    public void Between_TimerOfTheBfdProfile_IsOverwritten()
    {
        var (quick, slow) = (Models.Node(1, 2), Models.Node(1, 2) with { Bfd = BfdTimers.For(300, BfdTimers.DefaultPacketsPerSecond) });
        var difference = ConfigDifference.Between(Render(quick).Bfdd, Render(slow).Bfdd);
        Assert.Equal("", difference.Removals);
        Assert.Equal("bfd\n profile MESH\n  transmit-interval 600\n  receive-interval 600\n exit\n profile MESH-LAN\n  transmit-interval 600\n  receive-interval 600\n exit\n profile MESH-LOSSY\n  transmit-interval 600\n  receive-interval 600\n  detect-multiplier 4\n exit\nexit\n", difference.Additions);
    }

    [Fact]
    public void Between_AnotherBfdProfileOfANeighbour_IsOneLineThatOverwrites()
    {
        var (quick, slow) = (Models.Node(1, 3), Models.Node(1, 3));
        quick = quick with { Neighbors = [.. quick.Neighbors.Select(one => one with { BfdProfile = one.Node.Value == 2 ? BfdProfile.Lan : BfdProfile.Wan })] };
        foreach (var (from, to, name) in new[] { (slow, quick, "MESH-LAN"), (quick, slow, "MESH") })
        {
            var difference = ConfigDifference.Between(Bgpd(from), Bgpd(to));
            Assert.Equal("", difference.Removals);
            Assert.Equal($"router bgp 4200000001\n neighbor mo-00000002 bfd profile {name}\nexit\n", difference.Additions);
        }
    }

    [Fact]
    public void Between_AnotherAsnOfOurOwn_TakesTheWholeRouterAway()
    {
        var (one, two) = (Models.Node(1, 2), Models.Node(1, 2) with { Asn = new(4_200_000_099) });
        var difference = ConfigDifference.Between(Bgpd(one), Bgpd(two));
        Assert.Equal("no router bgp 4200000001\n", difference.Removals);
        Assert.Contains("neighbor MESH peer-group", difference.Additions, StringComparison.Ordinal);
    }

    private static FrrConfig Render(RoutingModel model) => FrrRenderer.Render(model, FrrTemplateSet.Embedded);

    private static string Bgpd(RoutingModel model) => Render(model).Bgpd;
}
