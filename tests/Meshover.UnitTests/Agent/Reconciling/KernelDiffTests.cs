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
            sysctl net.ipv6.conf.eth0.accept_ra = 2
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
    public void Compute_FurtherAddresses_AreOnTheLoopback_AndGoWithThePlan()
    {
        var further = Plan() with { Kernel = Plan().Kernel with { Further = [IPAddress.Parse("10.249.0.99"), IPAddress.Parse("fd00::99")] } };
        Assert.Equal(
            """
            add 10.249.0.99/32 to meshover-lo
            add fd00::99/128 to meshover-lo
            """, Text(KernelDiff.Compute(Settled(), further)));
        var loopback = Settled().Links.Single(link => link.Name == "meshover-lo").Index;
        var state = Settled() with { Addresses = [.. Settled().Addresses, new AddressInfo { LinkIndex = loopback, Address = IPAddress.Parse("10.249.0.99"), PrefixLength = 32, Protocol = 112 }] };
        Assert.Equal("add fd00::99/128 to meshover-lo", Text(KernelDiff.Compute(state, further)));
        Assert.Equal("remove 10.249.0.99/32 from meshover-lo", Text(KernelDiff.Compute(state, Plan())));
    }

    [Fact]
    public void Compute_BridgeWithHosts_AnswersForFarOnesAndHearsOfThoseThatCome()
    {
        var plan = Plan() with { Kernel = Plan().Kernel with { Workloads = ["vmbr0", "notthere"] } };
        var state = Settled();
        state = state with
        {
            Links = [.. state.Links, Link(20, "vmbr0") with { Ipv4 = new LinkIpv4Settings(1, 1, 0), Ipv6 = new LinkIpv6Settings(1, 2, 0, 0) }],
            WorkloadSysctls = new Dictionary<string, string>
            {
                ["net.ipv4.conf.vmbr0.proxy_arp"] = "0",
                ["net.ipv4.conf.vmbr0.arp_accept"] = "0",
                ["net.ipv6.conf.vmbr0.accept_untracked_na"] = "0",
            },
        };
        Assert.Equal(
            """
            sysctl net.ipv4.conf.vmbr0.proxy_arp = 1
            sysctl net.ipv4.conf.vmbr0.arp_accept = 2
            sysctl net.ipv6.conf.vmbr0.accept_untracked_na = 1
            sysctl net.ipv4.conf.vmbr0.rp_filter = 2
            """,
            Text(KernelDiff.Compute(state, plan)));
    }

    [Fact]
    public void Owed_OfABridgeThatIsInTheSettingsNoMore_IsGivenBack()
    {
        SysctlEntry[] changed =
        [
            new("net.ipv4.conf.vmbr0.proxy_arp", "0", "1"), new("net.ipv4.conf.br/7.arp_accept", "0", "2"), new("net.ipv4.conf.br/7.rp_filter", "1", "2"),
            new("net.ipv6.conf.br/7.accept_untracked_na", "0", "1"), new("net.ipv4.conf.eth0.rp_filter", "1", "2"), new("net.ipv4.conf.all.forwarding", "0", "1"),
        ];
        string[] gone = ["net.ipv4.conf.br/7.arp_accept", "net.ipv6.conf.br/7.accept_untracked_na", "net.ipv4.conf.br/7.rp_filter"];
        Assert.Equal(gone, WorkloadSysctls.Owed(changed, ["vmbr0"]));
        Assert.Equal(["net.ipv4.conf.vmbr0.proxy_arp"], WorkloadSysctls.Owed(changed, ["br.7"]));
        Assert.Empty(WorkloadSysctls.Owed(changed, ["vmbr0", "br.7"]));
    }

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
            Links = [.. settled.Links, Deaf(Link(20, "mo-n1")), Deaf(Link(21, "docker0"))],
            Addresses = [.. settled.Addresses, Address(9, "10.0.0.53", 32, protocol: 0), Address(21, "172.17.0.1", 16, protocol: 0)],
            Rules = [.. settled.Rules, new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 100, Mark = 0x6d, MarkMask = 0xff, Table = 7 }],
            MainRoutes = [.. settled.MainRoutes, Route("10.250.0.0/16", via: "10.0.0.1", link: 8) with { Protocol = RouteProtocols.Bgp }],
        };
        Assert.Empty(KernelDiff.Compute(crowded, Plan()));

        static LinkInfo Deaf(LinkInfo link) => link with { Ipv6 = link.Ipv6! with { Forwarding = 1 } };
    }

    [Fact]
    public void Compute_Ipv6OffOnALinkOfOurs_IsTurnedOnAndNotRemembered()
    {
        var settled = Settled();
        var hardened = settled with { Links = [.. settled.Links.Select(link => link.Index == 8 ? link with { Ipv6 = link.Ipv6! with { DisableIpv6 = 1 } } : link)] };
        Assert.Equal([new WriteSysctl("net.ipv6.conf.mo-00000002.disable_ipv6", "0", IsOwnLink: true)], KernelDiff.Compute(hardened, Plan()));
    }

    [Theory]
    [InlineData(1, 0, false, "", true)] // before forwarding goes on, whether a router was heard or not
    [InlineData(1, 1, true, "", true)] // a link that came later
    [InlineData(1, 1, false, "", false)] // a router before us: it was deaf there
    [InlineData(1, 1, false, "fe80::ff", true)]
    [InlineData(0, 0, false, "fe80::ff", false)] // a network manager's
    [InlineData(2, 0, false, "fe80::ff", false)]
    public void Compute_LinkThatHearsRouterAdvertisements_GoesOnHearingThem(int acceptRa, int forwarding, bool isForwardingOurs, string router, bool isWritten)
    {
        var fresh = Fresh();
        var state = fresh with
        {
            IsForwarding6Ours = isForwardingOurs,
            MainRoutes = router.Length == 0 ? fresh.MainRoutes : [.. fresh.MainRoutes, Route("::/0", via: router) with { Protocol = RouteProtocols.RouterAdvertisement }],
            Links = [.. fresh.Links.Select(link => link.Name == "eth0" ? link with { Ipv6 = new LinkIpv6Settings(forwarding, acceptRa, AcceptRedirects: 1, DisableIpv6: 0) } : link)],
        };
        Assert.Equal(isWritten, KernelDiff.Compute(state, Plan()).Contains(new WriteSysctl("net.ipv6.conf.eth0.accept_ra", "2")));
    }

    [Fact]
    public void Compute_NeighbourAdvertisesOnALinkOfOurs_IsNotTheUnderlay()
    {
        var fresh = Fresh();
        var state = fresh with { MainRoutes = [.. fresh.MainRoutes, Route("::/0", via: "fe80::2", link: 8) with { Protocol = RouteProtocols.RouterAdvertisement }] };
        var written = KernelDiff.Compute(state, Plan()).OfType<WriteSysctl>().Where(change => change.Key.EndsWith("mo-00000002.accept_ra", StringComparison.Ordinal));
        Assert.Equal("0", Assert.Single(written).Value);
    }

    [Fact]
    public void Mirror_TwoRoutersAdvertise_TheirRoutesStayApartByPreference()
    {
        var settled = Settled();
        var state = settled with
        {
            MainRoutes =
            [
                Advertised("fe80::1"), Advertised("fe80::2"), Advertised("fe80::3") with { Preference = 3 }, Advertised("fe80::4") with { Preference = 1 },
                Advertised("fe80::5") with { Metric = 1025 },
                Route("fe80::/64") with { Metric = 256 }, Route("fe80::/64", link: 3) with { Metric = 256 },
            ],
        };
        var mirror = UnderlayMirror.Of(state, KernelNames.Default);
        Assert.Equal(
            ["fe80::/64 dev #2 table 7401 metric 256", "fe80::/64 dev #3 table 7401 metric 256",
             "::/0 via fe80::4 dev #2 table 7401 metric 1024", "::/0 via fe80::1 dev #2 table 7401 metric 1025", "::/0 via fe80::2 dev #2 table 7401 metric 1026",
             "::/0 via fe80::3 dev #2 table 7401 metric 1027", "::/0 via fe80::5 dev #2 table 7401 metric 1028"],
            mirror.Select(route => route.ToString()));

        static RouteInfo Advertised(string router) => Route("::/0", via: router) with { Protocol = RouteProtocols.RouterAdvertisement, Metric = 1024 };
    }

    [Fact]
    public void Mirror_RouteByANexthopObject_IsCopiedByTheObjectAlone()
    {
        var settled = Settled();
        var route = Route("10.7.0.0/16", via: "192.0.2.9") with { NextHopId = 7 };
        Assert.Equal(7u, Assert.Single(UnderlayMirror.Of(settled with { MainRoutes = [route] }, KernelNames.Default)).NextHopId);
        Assert.Equal(RouteKey.Of(route), RouteKey.Of(route with { Gateway = null, OutputLink = 0 }));
        Assert.Empty(UnderlayMirror.Of(settled with { MainRoutes = [route with { Gateway = null, OutputLink = 0 }] }, KernelNames.Default));
        Assert.Single(UnderlayLimits.OfRoutes([route with { Gateway = null, OutputLink = 0 }], [IPAddress.Parse("10.7.0.1")]));
    }

    [Fact]
    public void Compute_DefaultRouteInATableBehindMain_MarkedPacketsAreLedThere()
    {
        var settled = Settled();
        var behind = new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 32767, Table = 253, Protocol = 2 };
        var state = settled with { Rules = [.. settled.Rules, behind], OtherRoutes = [Route("0.0.0.0/0", via: "192.0.2.9") with { Table = 253 }] };
        Assert.Equal("add rule 32764: IPv4 fwmark 0x6d/0xff lookup 253", Text(KernelDiff.Compute(state, Plan())));

        var copy = behind with { Priority = 32764, Mark = 0x6d, MarkMask = 0xff, Protocol = 112 };
        Assert.Empty(KernelDiff.Compute(state with { Rules = [.. state.Rules, copy] }, Plan()));
        Assert.Equal("remove rule 32764: IPv4 fwmark 0x6d/0xff lookup 253", Text(KernelDiff.Compute(settled with { Rules = [.. state.Rules, copy] }, Plan())));
        // The mirror's rule was removed by hand and would come behind it.
        Assert.Equal(
            """
            remove rule 32764: IPv4 fwmark 0x6d/0xff lookup 253
            add rule 32764: IPv4 fwmark 0x6d/0xff lookup 7401
            add rule 32764: IPv4 fwmark 0x6d/0xff lookup 253
            """,
            Text(KernelDiff.Compute(state with { Rules = [.. state.Rules.Where(rule => rule is not { Family: AddressFamily.InterNetwork, Table: 7401 }), copy] }, Plan())));
    }

    [Theory]
    [InlineData(0u, 0u, null, false, true)]
    [InlineData(0x6du, 0xffu, null, false, true)]
    [InlineData(0x1u, 0xffu, null, false, false)]
    [InlineData(0u, 0u, "eth0", false, false)] // of what comes in there
    [InlineData(0u, 0u, null, true, false)]
    public void Rules_BehindMain_OnlyWhatCatchesMarkedPacketsIsCopied(uint mark, uint mask, string? input, bool hasMore, bool isCopied)
    {
        var behind = new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 40000, Table = 300, Mark = mark, MarkMask = mask, InputLink = input, HasMore = hasMore };
        var state = Settled() with { Rules = [behind], OtherRoutes = [Route("0.0.0.0/0", via: "192.0.2.9") with { Table = 300 }] };
        Assert.Equal(isCopied, UnderlayRules.CopiesBehindMain(state, KernelNames.Default, AddressFamily.InterNetwork, 0x6d, 0xff).Any());
        Assert.Equal(hasMore, UnderlayRules.WithoutCopy(state, KernelNames.Default, 0x6d).Any());
    }

    [Fact]
    public void Limits_RuleIntoMainBeforeOurs_IsNamed()
    {
        var rule = new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 100, Table = RouteInfo.MainTable };
        Assert.Contains("100:", Assert.Single(UnderlayLimits.OfRules([rule], 112, 0x6d)), StringComparison.Ordinal);
        Assert.Empty(UnderlayLimits.OfRules([rule with { HasMore = true }, rule with { Priority = 32766 }, rule with { Mark = 1, MarkMask = 0xff }], 112, 0x6d));
    }

    [Fact]
    public void Compute_FirewallNotWantedAndThere_IsRemoved()
    {
        var plan = Plan();
        plan = plan with { Kernel = plan.Kernel with { Firewall = false } };
        Assert.Equal("remove nftables table inet meshover", Text(KernelDiff.Compute(Settled(), plan)));
        Assert.Empty(KernelDiff.Compute(Settled() with { FirewallStands = false }, plan));
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
                Route("10.8.0.0/16", via: "192.0.2.8") with { Protocol = RouteProtocols.Bgp },
                Route("10.9.0.0/16") with { Protocol = RouteProtocols.Bgp, Kind = RouteKind.Unreachable },
                Route("10.3.0.0/16") with { Protocol = 112 },
                Route("10.4.0.0/16") with { IsCached = true },
                Route("10.5.0.0/16") with { HasEncapsulation = true },
                Route("10.6.0.0/16", link: 0) with { Kind = RouteKind.Blackhole },
                Route("10.7.0.0/16", link: 0) with { NextHops = [Hop(8, "fe80::2"), Hop(Eth0, "192.0.2.9")] },
                Route("192.0.2.0/24"),
            ],
        };
        Assert.Equal(
            ["10.6.0.0/16", "192.0.2.0/24", "10.0.0.0/8 via 192.0.2.9 dev #2", "10.8.0.0/16 via 192.0.2.8 dev #2", "10.7.0.0/16 via 192.0.2.9 dev #2"],
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
