using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class ChangedFiltersTests
{
    private static readonly string[] All = ["clear bgp ipv4 unicast * soft in", "clear bgp ipv6 unicast * soft in"];

    [Fact]
    public void Commands_NodeJoins_LooksAtNoPlainNeighbourAnew() => Assert.Empty(Commands(Models.Node(1, 3), Models.Node(1, 4)));

    [Fact]
    public void Commands_NodeGoes_LooksAtNoPlainNeighbourAnew() => Assert.Empty(Commands(Models.Node(1, 4), Models.Node(1, 3)));

    [Fact]
    public void Commands_NodeJoins_LooksAtTransitNeighboursAnewAsTheyMayCarryIt() => Assert.Equal(
        ["clear bgp ipv4 unicast mo-00000002 soft in", "clear bgp ipv6 unicast mo-00000002 soft in"], Commands(Models.Node(1, 3, 2), Models.Node(1, 4, 2)));

    [Fact]
    public void Commands_GrantOfOneNeighbour_LooksAtThatOneAnewInItsFamily()
    {
        var before = Models.Node(1, 4);
        var granted = before.Neighbors[1] with { MayOriginate = before.Neighbors[1].MayOriginate.Add(new RouteGrant(IPNetwork.Parse("10.9.0.0/24"))) };
        var after = before with { Neighbors = before.Neighbors.SetItem(1, granted) };
        Assert.Equal(["clear bgp ipv4 unicast mo-00000003 soft in"], Commands(before, after));
        Assert.Equal(["clear bgp ipv4 unicast mo-00000003 soft in"], Commands(after, before));
    }

    [Fact]
    public void Commands_AsPathsChange_LooksAtAllAnew() => Assert.Equal(All, Commands(Models.Node(1, 4, 2), Models.Node(1, 4, 2) with { MaxMeshHops = 3 }));

    [Fact]
    public void Commands_ListOfARouteMap_LooksAtAllAnew()
    {
        const string map = "route-map MY permit 10\n match ip address prefix-list MINE\nexit\n";
        Assert.Equal(All, ChangedFilters.Commands(
            ConfigDifference.Between(map, $"{map}ip prefix-list MINE seq 5 permit 10.0.0.0/8\n"), $"{map}ip prefix-list MINE seq 5 permit 10.0.0.0/8\n"));
    }

    /// <summary>Of three neighbours one has the map that looks at it.</summary>
    [Fact]
    public void Commands_AddressRests_LooksAtTransitNeighboursAnewInItsFamily()
    {
        var (first, more) = (IPNetwork.Parse("10.249.0.9/32"), IPNetwork.Parse("10.249.0.10/32"));
        var before = Models.Node(1, 4, 2) with { Resting = [first, IPNetwork.Parse("fd00:6d65:7368::9/128")] };
        Assert.Equal(["clear bgp ipv4 unicast mo-00000002 soft in"], Commands(before, before with { Resting = [.. before.Resting, more] }));
        Assert.Equal(["clear bgp ipv4 unicast mo-00000002 soft in"], Commands(before with { Resting = [.. before.Resting, more] }, before));
    }

    [Fact]
    public void Commands_ListOfAMapThatIsUsedInOtherWaysToo_LooksAtAllAnew()
    {
        const string map = "route-map MY permit 10\n match ip address prefix-list MINE\nexit\n", more = "ip prefix-list MINE seq 5 permit 10.0.0.0/8\n";
        const string router = "router bgp 1\n address-family ipv4 unicast\n  neighbor mo-1 route-map MY in\n{0} exit-address-family\nexit\n";
        string Of(string other) => $"{map}{router.Replace("{0}", other, StringComparison.Ordinal)}";
        Assert.Equal(["clear bgp ipv4 unicast mo-1 soft in"], ChangedFilters.Commands(ConfigDifference.Between(Of(""), Of("") + more), Of("") + more));
        const string network = "  network 10.0.0.0/8 route-map MY\n";
        Assert.Equal(All, ChangedFilters.Commands(ConfigDifference.Between(Of(network), Of(network) + more), Of(network) + more));
    }

    [Fact]
    public void Commands_MoreNeighboursThanAreWorthNaming_LooksAtAllAnew() => Assert.Equal(
        All, Commands(Models.Node(1, 40, [.. Enumerable.Range(2, 39).Select(n => (uint)n)]), Models.Node(1, 41, [.. Enumerable.Range(2, 39).Select(n => (uint)n)])));

    private static IReadOnlyList<string> Commands(RoutingModel before, RoutingModel after)
    {
        var (running, wanted) = (FrrRenderer.Render(before, FrrTemplateSet.Embedded).Bgpd, FrrRenderer.Render(after, FrrTemplateSet.Embedded).Bgpd);
        return ChangedFilters.Commands(ConfigDifference.Between(running, wanted), wanted);
    }
}
