using System.Net;
using System.Text.Json;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class LeaseTests
{
    private static readonly IPNetwork Floating = IPNetwork.Parse("10.9.0.1/32"), Wide = IPNetwork.Parse("10.9.0.16/28"), Plain = IPNetwork.Parse("10.9.0.128/25");

    [Fact]
    public void WithoutLeased_TakesWhatIsLeasedAndNothingElse()
    {
        var config = Render(new Announcement(Floating) { IsLeased = true, Failover = new(FailoverRole.Active, 100) }, new Announcement(Wide) { IsLeased = true }, new Announcement(Plain));
        Assert.Equal(["10.9.0.1/32", "10.9.0.16/28"], config.Leased);
        Assert.Equal([Floating.BaseAddress], config.AddressesLeased());
        var left = config.WithoutLeased();
        Assert.Empty(left.Leased);
        var difference = ConfigDifference.Between(config.Bgpd, left.Bgpd);
        Assert.Equal((2, 2), (difference.Commands, difference.Announcements));
        Assert.NotNull(ConfigApplier.SmallChange(config, left)); // the quick way
        Assert.Null(ConfigApplier.SmallChange(config, left with { BgpPort = 1790 }));
        Assert.Contains($"network {Plain}", left.Bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public void Leased_IsWrittenDown_AndAFormerReleaseHasNone()
    {
        var config = Render(new Announcement(Floating) { IsLeased = true });
        var read = JsonSerializer.Deserialize(JsonSerializer.Serialize(config, RoutingJson.Default.FrrConfig), RoutingJson.Default.FrrConfig)!;
        Assert.Equal(config, read);
        Assert.NotEqual(config, config with { Leased = [] });
        Assert.Empty(JsonSerializer.Deserialize("""{"zebra":"","bgpd":"","bfdd":"","bgpPort":12914}""", RoutingJson.Default.FrrConfig)!.Leased);
    }

    [Fact]
    public void Roles_ChangeNothingButTheNetworkLine()
    {
        string Of(FailoverRole role) => Render(new Announcement(Floating) { Failover = new(role, 200) }).Bgpd;
        foreach (var next in new[] { FailoverRole.Active, FailoverRole.Leaving })
        {
            var difference = ConfigDifference.Between(Of(FailoverRole.Standby), Of(next));
            Assert.Equal((difference.Commands, true), (difference.Announcements, difference.Commands > 0));
        }
        var standby = Of(FailoverRole.Standby);
        Assert.Contains("route-map MO-STANDBY-200 permit 10\n set large-community 4294967294:3:200\n set metric 5600000\n set weight 0\n set local-preference 50\nexit\n", standby, StringComparison.Ordinal);
        Assert.Contains("route-map MO-ACTIVE-200 permit 10\n set large-community 4294967294:1:200\nexit\n", standby, StringComparison.Ordinal);
        Assert.Contains("  network 10.9.0.1/32 route-map MO-STANDBY-200\n", standby, StringComparison.Ordinal);
    }

    [Fact]
    public void Draining_IsOneLine()
    {
        var model = Models.Node(1, 2).With(Models.Neighbor(2));
        var difference = ConfigDifference.Between(Render(model).Bgpd, Render(model with { IsDraining = true }).Bgpd);
        Assert.Equal("router bgp 4200000001\n bgp graceful-shutdown\nexit\n", difference.Additions);
        Assert.Equal("", difference.Removals + difference.Leftovers);
    }

    /// <summary>As 8.4.4 and 10.3 print it: one's own path has no AS number in it.</summary>
    [Fact]
    public void Paths_AreReadWithTheirRoles()
    {
        const string Said = """
            {"prefix":"10.9.0.1/32","paths":[
              {"aspath":{"string":"Local","segments":[],"length":0},"origin":"IGP","metric":0,"valid":true,"bestpath":{"overall":true,"selectionReason":"Local Route"},"sourced":true,"local":true,
               "largeCommunity":{"string":"4294967294:3:100","list":["4294967294:3:100"]},"peer":{"peerId":"0.0.0.0"}},
              {"aspath":{"string":"4200000003 4200000002","segments":[{"type":"as-sequence","list":[4200000003,4200000002]}],"length":2},"metric":100,"valid":true,
               "community":{"string":"65000:1 graceful-shutdown","list":["65000:1","gracefulShutdown"]},"largeCommunity":{"string":"1:2:3 4294967294:1:200"}},
              {"aspath":{"string":"4200000005","segments":[{"type":"as-sequence","list":[4200000005]}],"length":1},"metric":15600025,"valid":true,
               "largeCommunity":{"string":"4294967294:3:100"}},
              {"aspath":{"string":"4200000004","segments":[{"type":"as-sequence","list":[4200000004]}],"length":1},"valid":false}]}
            """;
        Assert.Equal(
        [
            new AnnouncedPath("10.9.0.1/32", 0) { Failover = new(FailoverRole.Standby, 100), IsUsed = true, Cost = 0 },
            new AnnouncedPath("10.9.0.1/32", 4200000002) { Failover = new(FailoverRole.Active, 200), IsGoing = true, Neighbor = 4200000003, Cost = 100 },
            new AnnouncedPath("10.9.0.1/32", 4200000005) { Failover = new(FailoverRole.Standby, 100), Neighbor = 4200000005, Cost = 25 }, // its priority is no cost of links
        ], PathReader.Parse("10.9.0.1/32", Said));
        Assert.Empty(PathReader.Parse("10.9.0.1/32", "{}"));
        Assert.Throws<RoutingException>(() => PathReader.Parse("10.9.0.1/32", "% no"));
    }

    /// <summary>On a border what a router outside tells has an empty AS path too: it is known by who told it.</summary>
    [Theory]
    [InlineData("""{"peerId":"0.0.0.0","routerId":"10.249.0.1"}""", null)]
    [InlineData("""{"peerId":"::"}""", null)]
    [InlineData("""{"peerId":"fe80::2","routerId":"10.249.0.2","hostname":"n2","interface":"mo-00000002","type":"external"}""", null)]
    [InlineData("""{"peerId":"203.0.113.1","routerId":"203.0.113.1","type":"external"}""", "203.0.113.1")]
    [InlineData("""{"peerId":"fe80::9","interface":"eth1","type":"external"}""", "eth1")]
    [InlineData("""{"peerId":"fe80::9","routerId":"203.0.113.1","type":"external"}""", "fe80::9")]
    public void Path_ThatARouterOutsideTold_SaysWho(string peer, string? router)
    {
        var path = Assert.Single(PathReader.Parse("10.20.1.0/24", $$"""{"paths":[{"aspath":{"string":"Local","segments":[],"length":0},"valid":true,"bestpath":{"overall":true},"peer":{{peer}}}]}"""));
        Assert.Equal((0u, router, router is null), (path.Origin, path.Router, path.IsOwn));
    }

    [Fact]
    public void Refused_AreThoseOfTheRange()
    {
        const string Said = """
            {"bgpTableVersion":7,"bgpLocalRouterId":"10.249.0.1","bgpStatusCodes":{"suppressed":"s","valid":"*"},
             "receivedRoutes":{
               "10.97.0.0/24":{"addrPrefix":"10.97.0.0","prefixLen":24,"network":"10.97.0.0/24","nextHopGlobal":"fe80::2","metric":50,"weight":0,"path":"4200000003 4200000002","origin":"IGP","valid":true},
               "10.98.0.0/24":{"path":"4200000002"}},
             "totalPrefixCounter":2,"filteredPrefixCounter":0}
            """;
        Assert.Equal([new RefusedPath("10.97.0.0/24", "mo-00000002", 4200000002)], PathReader.ParseRefused("mo-00000002", IPNetwork.Parse("10.97.0.0/16"), Said));
        Assert.Equal(2, PathReader.ParseRefused("mo-00000002", IPNetwork.Parse("10.0.0.0/8"), Said).Count());
        Assert.Empty(PathReader.ParseRefused("mo-00000002", IPNetwork.Parse("10.0.0.0/8"), """{"warning":"Peer not found"}"""));
        Assert.Throws<RoutingException>(() => PathReader.ParseRefused("mo-00000002", IPNetwork.Parse("10.0.0.0/8"), "% no"));
    }

    private static FrrConfig Render(params Announcement[] announced)
    {
        var model = Models.Node(1, 2).With(Models.Neighbor(2));
        return Render(model with { Networks = [.. model.Networks, .. announced], FailoverPriorities = [200] });
    }

    private static FrrConfig Render(RoutingModel model) => FrrRenderer.Render(model, FrrTemplateSet.Embedded);
}
