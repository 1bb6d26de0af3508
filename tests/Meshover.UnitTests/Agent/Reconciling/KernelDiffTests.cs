using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Xunit;
using static Meshover.UnitTests.Agent.Reconciling.KernelScene;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class KernelDiffTests
{
    [Fact]
    public void Compute_FreshMachine_DoesEverythingInItsOrder() =>
        Assert.Equal(
            """
            sysctl net.ipv4.conf.all.forwarding = 1
            sysctl net.ipv6.conf.all.forwarding = 1
            sysctl net.ipv4.conf.eth0.rp_filter = 2
            link meshover0: rp_filter 2 accept_redirects 0
            sysctl net.ipv6.conf.meshover0.accept_ra = 0
            sysctl net.ipv6.conf.meshover0.accept_redirects = 0
            link mo-00000002: rp_filter 2 accept_redirects 0
            sysctl net.ipv6.conf.mo-00000002.accept_ra = 0
            sysctl net.ipv6.conf.mo-00000002.accept_redirects = 0
            add route 192.0.2.0/24 dev eth0 table 7401
            add route 0.0.0.0/0 via 192.0.2.254 dev eth0 table 7401
            add rule 32764: IPv4 fwmark 0x6d/0xff lookup 7401
            add rule 32765: IPv4 fwmark 0x6d/0xff prohibit
            add rule 32764: IPv6 fwmark 0x6d/0xff lookup 7401
            add rule 32765: IPv6 fwmark 0x6d/0xff prohibit
            create meshover-lo
            link meshover-lo: addrgenmode none
            link meshover-lo: up
            add 10.249.0.1/32 to meshover-lo
            add fd00::1/128 to meshover-lo
            link meshover0: addrgenmode none
            link meshover0: mtu 1420
            add 198.18.0.1/32 to meshover0
            link mo-00000002: addrgenmode none
            link mo-00000002: mtu 1396
            add fe80::1/64 to mo-00000002
            add 10.249.0.1/32 to mo-00000002
            add route 198.18.0.0/15 dev meshover0
            add route unreachable 10.249.0.0/16 metric 4294967294
            add route unreachable fd00::/48 metric 4294967294
            set nftables table inet meshover
            """,
            Text(KernelDiff.Compute(Fresh(), Plan())));

    [Fact]
    public void Compute_EverythingStands_ChangesNothing() => Assert.Empty(KernelDiff.Compute(Settled(), Plan()));

    [Theory]
    [InlineData(true, 1316, "")]
    [InlineData(true, 1400, "link mo-00000002: mtu 1396")]
    [InlineData(true, 1000, "link mo-00000002: mtu 1396")]
    [InlineData(false, 1316, "link mo-00000002: mtu 1396")]
    public void Compute_LinkOfAnotherMtu_IsLeftNarrowWhereTheWayIsProbed(bool probes, int mtu, string changes)
    {
        var settled = Settled();
        var state = settled with { Links = [.. settled.Links.Select(link => link.Name == "mo-00000002" ? link with { Mtu = mtu } : link)] };
        var plan = Plan() with { WireGuard = Plan().WireGuard with { ProbesPathMtu = probes } };

        Assert.Equal(changes, Text(KernelDiff.Compute(state, plan)));
    }

    [Fact]
    public void Compute_NoDataPlaneYet_LeavesItsInterfacesOut()
    {
        var settled = Settled();
        var without = settled with
        {
            Links = [.. settled.Links.Where(link => link.Index is not (7 or 8))],
            Addresses = [.. settled.Addresses.Where(address => address.LinkIndex is not (7 or 8))],
            MainRoutes = [.. settled.MainRoutes.Where(route => route.OutputLink != 7)],
        };
        Assert.Empty(KernelDiff.Compute(without, Plan()));
        Assert.Equal(["meshover0", "mo-00000002"], KernelDiff.MissingLinks(without, Plan()));
        Assert.Empty(KernelDiff.MissingLinks(settled, Plan()));
    }

    [Fact]
    public void Compute_LinkCameUpBeforeUs_LosesTheAddressThatTheKernelMade()
    {
        var settled = Settled();
        var changes = KernelDiff.Compute(settled with { Addresses = [.. settled.Addresses, Address(8, "fe80::a8bb:ccff:fedd:eeff", 64, protocol: 0)] }, Plan());
        Assert.Equal("remove fe80::a8bb:ccff:fedd:eeff/64 from mo-00000002", Text(changes));
    }

    [Fact]
    public void Compute_NumbersChanged_TheFormerOnesGo()
    {
        var plan = Plan();
        plan = plan with { Kernel = plan.Kernel with { Address4 = IPAddress.Parse("10.249.0.9"), Unreachable = [IPNetwork.Parse("fd00::/48")] } };
        Assert.Equal(
            """
            add 10.249.0.9/32 to meshover-lo
            remove 10.249.0.1/32 from meshover-lo
            add 10.249.0.9/32 to mo-00000002
            remove 10.249.0.1/32 from mo-00000002
            remove route unreachable 10.249.0.0/16 metric 4294967294
            """,
            Text(KernelDiff.Compute(Settled(), plan)));
    }

    [Fact]
    public void Compute_ForeignThings_AreNotTouched()
    {
        var settled = Settled();
        var crowded = settled with
        {
            Links = [.. settled.Links, Link(20, "mo-n1"), Link(21, "docker0")],
            Addresses = [.. settled.Addresses, Address(9, "10.0.0.53", 32, protocol: 0), Address(21, "172.17.0.1", 16, protocol: 0)],
            Rules = [.. settled.Rules, new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 100, Mark = 0x6d, MarkMask = 0xff, Table = 7 }],
            MainRoutes = [.. settled.MainRoutes, Route("10.250.0.0/16", via: "10.0.0.1") with { Protocol = RouteProtocols.Bgp }],
        };
        Assert.Empty(KernelDiff.Compute(crowded, Plan()));
    }

    [Fact]
    public void Compute_Ipv6OffOnALinkOfOurs_IsTurnedOnAndNotRemembered()
    {
        var settled = Settled();
        var hardened = settled with { Links = [.. settled.Links.Select(link => link.Index == 8 ? link with { Ipv6 = link.Ipv6! with { DisableIpv6 = 1 } } : link)] };
        Assert.Equal([new WriteSysctl("net.ipv6.conf.mo-00000002.disable_ipv6", "0", IsOwnLink: true)], KernelDiff.Compute(hardened, Plan()));
    }

    [Fact]
    public void Compute_DefaultByRouterAdvertisement_AcceptsThemBeforeForwarding()
    {
        var fresh = Fresh();
        var advertised = fresh with { MainRoutes = [Route("::/0", via: "fe80::ff") with { Protocol = RouteProtocols.RouterAdvertisement }] };
        Assert.StartsWith(
            """
            sysctl net.ipv6.conf.eth0.accept_ra = 2
            sysctl net.ipv4.conf.all.forwarding = 1
            """,
            Text(KernelDiff.Compute(advertised, Plan())), StringComparison.Ordinal);
    }

    [Fact]
    public void Compute_PeerOnALinkWithoutADefault_LoosensThatLinkAlone()
    {
        var fresh = Fresh();
        var flat = fresh with
        {
            Links = [.. fresh.Links, Link(3, "eth1"), Link(4, "workload0")],
            MainRoutes = [Route("203.0.113.0/24", link: 3), Route("10.77.0.0/24", link: 4)],
        };
        var changes = KernelDiff.Compute(flat, Plan("203.0.113.7:12912", "[2001:db8::7]:12912")).Select(change => change.ToString());
        Assert.Equal(
            ["sysctl net.ipv4.conf.eth1.rp_filter = 2"],
            changes.Where(text => text!.Contains("rp_filter", StringComparison.Ordinal) && !text.Contains("mo-", StringComparison.Ordinal) && !text.Contains("meshover0", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 0)]
    [InlineData(1, 2)]
    public void Compute_UnderlayNotStrict_IsLeftAlone(int all, int own)
    {
        var fresh = Fresh();
        var state = fresh with { RpFilterAll = all, Links = [.. fresh.Links.Select(link => link.Name == "eth0" ? Link(Eth0, "eth0", own) : link)] };
        Assert.DoesNotContain(KernelDiff.Compute(state, Plan()), change => change is WriteSysctl { Key: "net.ipv4.conf.eth0.rp_filter" });
    }

    [Fact]
    public void Compute_MirroredRouteChangedOrGone_TheMirrorFollows()
    {
        var settled = Settled();
        var moved = settled with { MainRoutes = [.. settled.MainRoutes.Select(r => r.Gateway is null ? r : r with { Gateway = IPAddress.Parse("192.0.2.253") })] };
        Assert.Equal(
            """
            remove route 0.0.0.0/0 via 192.0.2.254 dev eth0 table 7401
            add route 0.0.0.0/0 via 192.0.2.253 dev eth0 table 7401
            """,
            Text(KernelDiff.Compute(moved, Plan())));
    }

    [Fact]
    public void Mirror_RoutesOfOursOfBgpAndByOurLinks_AreLeftOut()
    {
        var settled = Settled();
        var state = settled with
        {
            MainRoutes =
            [
                Route("10.0.0.0/8", via: "192.0.2.9"),
                Route("10.1.0.0/16", via: "fe80::2", link: 8) with { Protocol = RouteProtocols.Bgp },
                Route("10.2.0.0/16", link: 8),
                Route("10.3.0.0/16") with { Protocol = 112 },
                Route("10.4.0.0/16") with { IsCached = true },
                Route("10.5.0.0/16") with { HasEncapsulation = true },
                Route("10.6.0.0/16", link: 0) with { Kind = RouteKind.Blackhole },
                Route("10.7.0.0/16", link: 0) with { NextHops = [Hop(8, "fe80::2"), Hop(Eth0, "192.0.2.9")] },
                Route("192.0.2.0/24"),
            ],
        };
        Assert.Equal(
            ["10.6.0.0/16", "192.0.2.0/24", "10.0.0.0/8 via 192.0.2.9 dev #2", "10.7.0.0/16 via 192.0.2.9 dev #2"],
            UnderlayMirror.Of(state, KernelNames.Default).Select(r => (r with { Table = RouteInfo.MainTable, Kind = RouteKind.Unicast, OutputLink = r.Gateway is null ? 0 : r.OutputLink }).ToString()));
    }

    [Fact]
    public void Undo_OnlyWhatIsTagged_GoesAndRulesFirst()
    {
        var settled = Settled();
        var state = settled with
        {
            Links = [.. settled.Links, Link(20, "mo-n1")],
            Addresses = [.. settled.Addresses, Address(1, "10.249.0.8", 32), Address(20, "10.0.0.1", 24, protocol: 0)],
        };
        RouteInfo[] tagged = [.. settled.MainRoutes.Where(r => r.Protocol == 112), .. settled.MirrorRoutes];
        Assert.Equal(
            """
            remove rule 32764: IPv4 fwmark 0x6d/0xff lookup 7401
            remove rule 32765: IPv4 fwmark 0x6d/0xff prohibit
            remove rule 32764: IPv6 fwmark 0x6d/0xff lookup 7401
            remove rule 32765: IPv6 fwmark 0x6d/0xff prohibit
            remove meshover0
            remove mo-00000002
            remove meshover-lo
            remove route 192.0.2.0/24 dev eth0 table 7401
            remove route 0.0.0.0/0 via 192.0.2.254 dev eth0 table 7401
            remove route unreachable fd00::/48 dev lo metric 4294967294
            remove route unreachable 10.249.0.0/16 metric 4294967294
            remove 10.249.0.8/32 from lo
            """,
            Text(KernelUndo.Compute(state, tagged, KernelNames.Default)));
    }

    private static NextHop Hop(int link, string gateway) => new() { OutputLink = link, Gateway = IPAddress.Parse(gateway), Weight = 1 };
}
