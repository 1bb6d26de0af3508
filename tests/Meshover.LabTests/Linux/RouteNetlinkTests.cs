using System.Net;
using System.Net.Sockets;
using Meshover.LabTests.Cli;
using Meshover.Linux.Netlink;
using Xunit;

namespace Meshover.LabTests.Linux;

public sealed class RouteNetlinkTests : IDisposable
{
    private readonly TestNamespace _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public void CreateLink_VethIntoAnotherNamespace_BothEndsAreThere()
    {
        using var there = new TestNamespace();
        _here.Netlink.CreateLink(LinkSpec.Veth("a0", "b0", there.Path) with { Mtu = 1400 });

        Assert.Equal("veth", _here.Netlink.GetLink("a0").Kind);
        Assert.Equal(1400, there.Netlink.GetLink("b0").Mtu);
        Assert.Null(_here.Netlink.FindLink("b0"));
    }

    [Fact]
    public void SetLink_EachChange_IsSeenInTheDump()
    {
        _here.Netlink.CreateLink(LinkSpec.Bridge("br0"));
        _here.Netlink.CreateLink(LinkSpec.Veth("a0", "a1"));

        var settings = new LinkIpv4Change(RpFilter: 2, AcceptRedirects: 0);
        _here.Netlink.SetLink("a0", new LinkChange { AddressGeneration = AddressGenerationMode.None, Ipv4 = settings });
        _here.Netlink.SetLink("a0", new LinkChange { Up = true, Mtu = 1300, Alias = "site: 東京", Master = "br0" });

        var link = _here.Netlink.GetLink("a0");
        Assert.Equal(AddressGenerationMode.None, link.AddressGeneration);
        Assert.Equal((2, 0), (link.Ipv4!.RpFilter, link.Ipv4.AcceptRedirects));
        Assert.True(link.IsUp);
        Assert.Equal(1300, link.Mtu);
        Assert.Equal("site: 東京", link.Alias);
        Assert.Equal(_here.Netlink.GetLink("br0").Index, link.MasterIndex);

        _here.Netlink.SetLink("a0", new LinkChange { Up = false, Alias = "", Master = "" });
        _here.Netlink.SetLink("a0", new LinkChange { NewName = "z0" });
        var renamed = _here.Netlink.GetLink("z0");
        Assert.False(renamed.IsUp);
        Assert.Equal("", renamed.Alias);
        Assert.Equal(0, renamed.MasterIndex);
    }

    [Fact]
    public void SetLink_NamespacePath_MovesTheLink()
    {
        using var there = new TestNamespace();
        _here.Netlink.CreateLink(LinkSpec.Veth("a0", "a1"));

        _here.Netlink.SetLink("a1", new LinkChange { NamespacePath = there.Path });

        Assert.NotNull(there.Netlink.FindLink("a1"));
        Assert.Null(_here.Netlink.FindLink("a1"));
    }

    [Fact]
    public void DeleteLink_NoSuchLink_SaysWhichAndWhy()
    {
        var error = Assert.Throws<NetlinkException>(() => _here.Netlink.DeleteLink("nope0"));
        Assert.True(error.IsNotFound);
        Assert.Contains("delete link nope0: No such device", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReplaceAddress_NoDad_IsUsableAtOnce()
    {
        _here.Netlink.CreateLink(LinkSpec.Bridge("br0"));
        _here.Netlink.SetUp("br0");
        _here.Netlink.ReplaceAddress("br0", IPAddress.Parse("fd00::1"), 128);
        _here.Netlink.ReplaceAddress("br0", IPAddress.Parse("10.249.0.1"), 32);

        var addresses = _here.Netlink.GetAddresses(_here.Netlink.GetLink("br0").Index);
        Assert.False(addresses.Single(a => a.Address.Equals(IPAddress.Parse("fd00::1"))).Flags.HasFlag(AddressFlags.Tentative));
        Assert.Equal(32, addresses.Single(a => a.Address.AddressFamily == AddressFamily.InterNetwork).PrefixLength);

        _here.Netlink.DeleteAddress(addresses.Single(a => a.Address.AddressFamily == AddressFamily.InterNetwork));
        Assert.DoesNotContain(_here.Netlink.GetAddresses(), a => a.Address.Equals(IPAddress.Parse("10.249.0.1")));
    }

    [Fact]
    public void ReplaceRoute_EachKind_ReadsBackAsWritten()
    {
        var link = MakeLinkWithAddresses();
        RouteInfo[] routes =
        [
            new() { Destination = IPNetwork.Parse("10.1.0.0/16"), Gateway = IPAddress.Parse("192.0.2.2"), OutputLink = link, Protocol = 112, Table = 7401, Metric = 7, PreferredSource = IPAddress.Parse("192.0.2.1"), Mtu = 1300 },
            new() { Destination = IPNetwork.Parse("10.2.0.0/16"), Kind = RouteKind.Unreachable, Protocol = 112, Metric = 4294967294 },
            new() { Destination = IPNetwork.Parse("10.3.0.0/16"), Kind = RouteKind.Prohibit, Protocol = 112 },
            new() { Destination = IPNetwork.Parse("10.4.0.0/16"), Gateway = IPAddress.Parse("203.0.113.9"), OutputLink = link, NextHopFlags = NextHopFlags.OnLink, Protocol = 112 },
            new() { Destination = IPNetwork.Parse("10.5.0.0/16"), Gateway = IPAddress.Parse("fe80::9"), OutputLink = link, Protocol = 112 },
            new()
            {
                Destination = IPNetwork.Parse("10.6.0.0/16"), Protocol = 112,
                NextHops = [new NextHop { OutputLink = link, Gateway = IPAddress.Parse("192.0.2.2"), Weight = 1 }, new NextHop { OutputLink = link, Gateway = IPAddress.Parse("192.0.2.3"), Weight = 5 }],
            },
            new() { Destination = IPNetwork.Parse("fd01::/48"), Gateway = IPAddress.Parse("fe80::9"), OutputLink = link, Protocol = 112, Table = 7401, Metric = 9 },
            new() { Destination = IPNetwork.Parse("fd02::/48"), Kind = RouteKind.Unreachable, Protocol = 112, Metric = 4294967294 },
            new() { Destination = IPNetwork.Parse("::/0"), Gateway = IPAddress.Parse("fe80::9"), OutputLink = link, Protocol = 112, Metric = 9 },
        ];
        foreach (var route in routes)
            _here.Netlink.ReplaceRoute(route);

        var seen = _here.Netlink.GetRoutes(new RouteFilter { Protocol = 112 });
        Assert.Equal(routes.Length, seen.Count);
        Assert.All(routes, route => AssertSame(route, seen.Single(r => r.Destination.Equals(route.Destination))));
        Assert.Equal(2, _here.Netlink.GetRoutes(new RouteFilter { Table = 7401 }).Count);
        Assert.DoesNotContain(_here.Netlink.GetRoutes(new RouteFilter { ExceptProtocols = [112] }), r => r.Protocol == 112);

        foreach (var route in seen)
            _here.Netlink.DeleteRoute(route);
        Assert.Empty(_here.Netlink.GetRoutes(new RouteFilter { Protocol = 112 }));
    }

    [Fact]
    public void GetRoutes_TableThatDoesNotExist_IsEmpty() =>
        Assert.Empty(_here.Netlink.GetRoutes(new RouteFilter { Table = 7999 }));

    [Fact]
    public void ReplaceRoute_GatewayOutOfReach_CarriesTheKernelsOwnWords()
    {
        var link = MakeLinkWithAddresses();
        var error = Assert.Throws<NetlinkException>(() => _here.Netlink.ReplaceRoute(new RouteInfo
        {
            Destination = IPNetwork.Parse("10.1.0.0/16"),
            Gateway = IPAddress.Parse("203.0.113.1"),
            OutputLink = link,
        }));
        Assert.Equal("Nexthop has invalid gateway", error.KernelMessage);
    }

    // What `ip -6 route get fibmatch` tells here is the route to 2001:db8:1::/64 (Linux 6.18): it keeps that with the next hop, which both share.
    [Fact]
    public async Task FindRoute_RoutesThatShareANextHop_IsTheOneThatLeadsThere()
    {
        foreach (var name in (string[])["a", "b"])
        {
            _here.Netlink.CreateLink(LinkSpec.Veth($"{name}0", $"{name}1"));
            _here.Netlink.SetUp($"{name}1");
            _here.Netlink.SetUp($"{name}0");
        }
        foreach (var command in (string[])
        [
            "nexthop add id 1 via fe80::a dev a0", "nexthop add id 2 via fe80::b dev b0", "nexthop add id 3 group 1/2",
            "-6 route add 2001:db8:1::/64 nhid 3", "-6 route add 2001:db8:2::/64 nhid 2", "-6 route add 2001:db8:2::1/128 nhid 1",
            "-6 route add 2001:db8::/32 nhid 3", "-6 route add 2001:db8:3::/48 nhid 1", "-6 route add 2001:db8:3:1::/64 nhid 2",
        ])
        {
            (await Programs.RunAsync("ip", ["-n", _here.Name, .. command.Split(' ')])).Checked();
        }
        var (a, b) = (_here.Netlink.GetLink("a0").Index, _here.Netlink.GetLink("b0").Index);

        for (var i = 1; i <= 64; i++)
        {
            var shared = _here.Netlink.FindRoute(new RouteQuery(IPAddress.Parse($"2001:db8:1::{i:x}")))!;
            Assert.Equal(("2001:db8:1::/64", 2), ($"{shared.Destination}", shared.NextHops.Length));
        }
        Assert.Equal(("2001:db8:2::1/128", a), Found("2001:db8:2::1"));
        Assert.Equal(("2001:db8:2::/64", b), Found("2001:db8:2::2"));

        // One in another, by the same next hop.
        for (var i = 1; i <= 64; i++)
            Assert.Equal("2001:db8::/32", Found($"2001:db8:9::{i:x}").Item1);
        Assert.Equal(("2001:db8:3::/48", a), Found("2001:db8:3::1"));
        Assert.Equal(("2001:db8:3:1::/64", b), Found("2001:db8:3:1::1"));

        // Where a dump does not say by which links a nexthop object leads, the link is right all the same.
        _here.Run(() => File.WriteAllText("/proc/sys/net/ipv4/nexthop_compat_mode", "0"));
        Assert.Equal((a, b), (Found("2001:db8:3::1").Item2, Found("2001:db8:3:1::1").Item2));

        (string, int) Found(string to) => _here.Netlink.FindRoute(new RouteQuery(IPAddress.Parse(to))) is { } route ? ($"{route.Destination}", route.OutputLink) : ("none", 0);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void AddRule_MarkAndProhibit_ReadBackAndAreRemoved(AddressFamily family)
    {
        RuleInfo[] rules =
        [
            new() { Family = family, Priority = 32764, Mark = 0x6d, MarkMask = 0xff, Table = 7401, Protocol = 112 },
            new() { Family = family, Priority = 32765, Mark = 0x6d, MarkMask = 0xff, Action = RuleAction.Prohibit, Protocol = 112 },
        ];
        foreach (var rule in rules)
            _here.Netlink.AddRule(rule);

        Assert.Equal(rules, _here.Netlink.GetRules().Where(rule => rule.Protocol == 112));
        Assert.True(Assert.Throws<NetlinkException>(() => _here.Netlink.AddRule(rules[0])).IsAlreadyThere);

        foreach (var rule in rules)
            _here.Netlink.DeleteRule(rule);
        Assert.DoesNotContain(_here.Netlink.GetRules(), rule => rule.Protocol == 112);
    }

    [Fact]
    public void GetNeighbours_PermanentEntry_IsNotAnError() => Assert.NotNull(_here.Netlink.GetNeighbours());

    private int MakeLinkWithAddresses()
    {
        _here.Netlink.CreateLink(LinkSpec.Veth("a0", "a1"));
        _here.Netlink.SetUp("a1");
        _here.Netlink.SetUp("a0");
        _here.Netlink.ReplaceAddress("a0", IPAddress.Parse("192.0.2.1"), 24);
        return _here.Netlink.GetLink("a0").Index;
    }

    private static void AssertSame(RouteInfo expected, RouteInfo actual)
    {
        Assert.Equal(expected.ToString(), Comparable(expected, actual).ToString());
        Assert.Equal(expected.Protocol, actual.Protocol);
        Assert.Equal(expected.Kind, actual.Kind);
        Assert.Equal(expected.PreferredSource, actual.PreferredSource);
        Assert.Equal(expected.Mtu, actual.Mtu);
        Assert.Equal(expected.NextHops, actual.NextHops);
        Assert.Equal(expected.NextHopFlags, actual.NextHopFlags);
    }

    // The kernel puts lo under an IPv6 unreachable route, and a metric of 1024 under an IPv6 route without one.
    private static RouteInfo Comparable(RouteInfo expected, RouteInfo actual) =>
        expected.Kind == RouteKind.Unicast ? actual : actual with { OutputLink = 0 };
}
