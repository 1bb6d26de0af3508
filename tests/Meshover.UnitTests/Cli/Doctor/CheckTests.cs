using System.Net;
using System.Net.Sockets;
using Meshover.Cli.Doctor;
using Meshover.Linux.Netlink;
using Meshover.WireGuard.Control;
using Xunit;

namespace Meshover.UnitTests.Cli.Doctor;

public sealed class CheckTests
{
    [Fact]
    public void FineMachine_NothingIsFound() => Assert.Empty(Machine.Fine().Findings());

    [Theory]
    [InlineData("meshover0", "dummy")]
    [InlineData("mo-0000000a", "veth")]
    [InlineData("mo-0000000a", "")]
    [InlineData("meshover-lo", "tun")]
    public void Interface_OfOurNameAndAnotherKind_IsAFault(string name, string kind)
    {
        var facts = Machine.Fine();
        facts = facts with { Links = [.. facts.Links.Where(link => link.Name != name), Machine.NewLink(20, name, kind)] };

        Assert.Contains("interface-name: fault", facts.Findings());
    }

    [Fact]
    public void Interface_OfAFreeName_IsNotOurs() =>
        Assert.Empty((Machine.Fine() with { Links = [.. Machine.Fine().Links, Machine.NewLink(20, "mo-uplink", "veth")] }).Findings());

    [Fact]
    public void Engine_OfASlowerBuildThanTheProcessorCouldRun_IsAWarning()
    {
        var slow = new BuildInfo { Build = "v1", Cipher = "openssl", Possible = ["v4", "v3"] };

        Assert.Equal(["engine-build: warning"], (Machine.Fine() with { EngineBuild = slow }).Findings());
        Assert.Empty((Machine.Fine() with { EngineBuild = slow with { Build = "v4", Cipher = "avx512" } }).Findings());
    }

    [Fact]
    public void Port_TakenBySomebodyElse_IsAFault() =>
        Assert.Equal(["port: fault"], (Machine.Fine() with { PortsInUse = [new PortInUse("It is in use.", "All.", "Stop it.")] }).Findings());

    [Fact]
    public void Frr_OfAnUnknownRelease_IsAWarning() => Assert.Equal(["frr-release: warning"], (Machine.Fine() with { FrrDoubt = "FRR 11.0 is new" }).Findings());

    [Fact]
    public void MirrorTable_WithForeignRoute_IsAFault() => Assert.Equal(["routing-table: fault"], Machine.Fine().With(Machine.Route("10.0.0.0/8", 7401)).Findings());

    [Fact]
    public void MirrorTable_LookedUpByAForeignRule_IsAFault() => Assert.Contains("routing-table: fault", Machine.Fine().With(Machine.Rule(100, 7401)).Findings());

    [Theory]
    [InlineData(32764)]
    [InlineData(7450)]
    public void RuleWithOurPreference_IsAWarning(uint preference) =>
        Assert.Equal(["rule-preference: warning"], Machine.Fine().With(Machine.Rule(preference, 100) with { Mark = 1, MarkMask = 1 }).Findings());

    [Fact]
    public void TwoUplinks_RulesBySourceAddress_AreNoFault() =>
        Assert.Empty(Machine.Fine().With(Machine.Route("0.0.0.0/0", 100)).With(Machine.Rule(100, 100) with { Source = IPNetwork.Parse("198.51.100.7/32") }).Findings());

    [Theory]
    [InlineData("10.64.1.0/24")]
    [InlineData("10.64.0.0/16")]
    [InlineData("10.249.0.1/32")]
    public void PolicyRule_ForWhatIsBehindUs_WithADefaultRoute_IsAFault(string source) =>
        Assert.Equal(["policy-rule: fault"], Machine.Fine().With(Machine.Route("0.0.0.0/0", 100)).With(Machine.Rule(100, 100) with { Source = IPNetwork.Parse(source) }).Findings());

    [Fact]
    public void PolicyRule_ForAll_WithADefaultRoute_IsAFault() =>
        Assert.Equal(["policy-rule: fault"], Machine.Fine().With(Machine.Route("0.0.0.0/0", 100)).With(Machine.Rule(100, 100)).Findings());

    [Fact]
    public void PolicyRule_ForAll_WhoseTableLeadsElsewhere_IsNoFault() =>
        Assert.Empty(Machine.Fine().With(Machine.Route("203.0.113.0/24", 100)).With(Machine.Rule(100, 100)).Findings());

    [Fact]
    public void PolicyRule_BehindMainWithoutItsDefaults_IsNoFault() =>
        Assert.Empty(Machine.Fine().With(Machine.Route("0.0.0.0/0", 51820))
            .With(Machine.Rule(100, RouteInfo.MainTable) with { HasMore = true }, Machine.Rule(101, 51820)).Findings());

    [Fact]
    public void PolicyRule_OfIpv6_LooksAtIpv6Routes() =>
        Assert.Empty(Machine.Fine().With(Machine.Route("0.0.0.0/0", 100)).With(Machine.Rule(100, 100) with { Family = AddressFamily.InterNetworkV6 }).Findings());

    [Theory]
    [InlineData("10.249.7.1", 24)]
    [InlineData("10.0.0.1", 8)]
    [InlineData("198.19.0.1", 32)]
    public void Address_InAPool_IsAFault(string address, int length)
    {
        var facts = Machine.Fine();
        facts = facts with { Addresses = [.. facts.Addresses, new AddressInfo { LinkIndex = Machine.Eth0, Address = IPAddress.Parse(address), PrefixLength = length }] };

        Assert.Contains("address-pool: fault", facts.Findings());
    }

    [Fact]
    public void Address_InADefaultPoolBeforeAnyMesh_IsAWarning()
    {
        var facts = Machine.Fine();
        facts = facts with
        {
            Node = facts.Node with { KnowsMesh = false },
            Addresses = [new AddressInfo { LinkIndex = Machine.Eth0, Address = IPAddress.Parse("10.249.7.1"), PrefixLength = 24 }],
        };

        Assert.Equal(["address-pool: warning"], facts.Findings());
    }

    [Fact]
    public void Route_IntoAPool_IsAFault() => Assert.Equal(["address-pool: fault"], Machine.Fine().With(Machine.Route("10.249.5.0/24")).Findings());

    [Fact]
    public void Route_ThatCoversAPool_IsNoFault() => Assert.Empty(Machine.Fine().With(Machine.Route("10.0.0.0/8")).Findings());

    [Fact]
    public void Ipv6_OffInTheKernel_IsAFault() => Assert.Equal(["ipv6: fault"], (Machine.Fine() with { DisablesIpv6 = null }).Findings());

    [Fact]
    public void Ipv6_OffForInterfaces_IsAWarning() => Assert.Equal(["ipv6: warning"], (Machine.Fine() with { DisablesIpv6 = true }).Findings());

    [Fact]
    public void Ipv6_OffOnALink_IsAFault() =>
        Assert.Equal(["ipv6: fault"], Machine.Fine().With(Machine.Link, link => link with { Ipv6 = link.Ipv6! with { DisableIpv6 = 1 } }).Findings());

    [Theory]
    [InlineData(Machine.Eth0, true)]
    [InlineData(Machine.Link, true)]
    [InlineData(1, false)]
    public void ReversePathFilter_Strict_IsAFaultWherePacketsOfTheMeshArrive(int link, bool isFault) =>
        Assert.Equal(isFault ? ["rp-filter: fault"] : [], Machine.Fine().With(link, l => l with { Ipv4 = l.Ipv4! with { RpFilter = 1 } }).Findings());

    [Fact]
    public void ReversePathFilter_StrictForAllAndLooseHere_IsLoose() => Assert.Empty((Machine.Fine() with { ReversePathFilterAll = 1 }).Findings());

    [Fact]
    public void ReversePathFilter_StrictBeforeUp_IsNoFault()
    {
        var facts = Machine.Fine().With(Machine.Eth0, l => l with { Ipv4 = l.Ipv4! with { RpFilter = 1 } });

        Assert.Empty((facts with { Node = facts.Node with { IsUp = false } }).Findings());
    }

    [Theory]
    [InlineData(1, true, true)]
    [InlineData(2, true, false)]
    [InlineData(1, false, false)]
    [InlineData(0, true, false)] // a network manager reads them
    public void DefaultRouteByAdvertisement_IsAFaultWhereForwardingEndsIt(int acceptRa, bool forwards, bool isFault)
    {
        var facts = Machine.Fine().With(Machine.Route("::/0") with { Protocol = RouteProtocols.RouterAdvertisement })
            .With(Machine.Eth0, link => link with { Ipv6 = link.Ipv6! with { AcceptRa = acceptRa } });

        Assert.Equal(isFault ? ["router-advertisement: fault"] : [], (facts with { ForwardsIpv6 = forwards }).Findings().Except(["sysctl: fault"]));
    }

    [Fact]
    public void DefaultRouteByAdvertisement_OfANeighbourOnALink_IsNotTheUnderlays() =>
        Assert.Empty((Machine.Fine() with { ForwardsIpv6 = true })
            .With(Machine.Route("::/0") with { Protocol = RouteProtocols.RouterAdvertisement, OutputLink = Machine.Link })
            .With(Machine.Link, link => link with { Ipv6 = link.Ipv6! with { AcceptRa = 1 } }).Findings());

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void RouterAdvertisement_UplinkIsDeafAndThereIsNoIpv6_IsAWarning(bool hasIpv6, bool isFound)
    {
        var facts = (Machine.Fine() with { ForwardsIpv6 = true }).With(Machine.Eth0, link => link with { Ipv6 = link.Ipv6! with { AcceptRa = 1 } });
        Assert.Equal(isFound ? ["router-advertisement: warning"] : [], (hasIpv6 ? facts.With(Machine.Route("::/0")) : facts).Findings());
    }

    [Theory]
    [InlineData(true, true, true, "")]
    [InlineData(true, false, true, "--sysctl net.ipv4.ip_forward=1 ")]
    [InlineData(true, false, false, "--sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1 ")]
    public void Sysctls_ReadOnlyAndNotForwarding_SaysWhatToGive(bool isReadOnly, bool four, bool six, string options)
    {
        var found = Examination.Examine(Machine.Fine() with { AreSysctlsReadOnly = isReadOnly, ForwardsIpv4 = four, ForwardsIpv6 = six }).Findings;
        Assert.Equal(options.Length == 0, found.IsEmpty);
        Assert.All(found, finding => Assert.Contains(options, finding.Mend, StringComparison.Ordinal));
    }

    [Fact]
    public void Forwarding_OffAlthoughTheAgentIsUp_IsAFault_AndBeforeThatTheAgentWillSeeToIt()
    {
        var off = Machine.Fine() with { ForwardsIpv4 = false };
        Assert.Equal(["forwarding-off"], Codes(off));
        Assert.Empty(Codes(off with { Node = off.Node with { IsUp = false } }));
    }

    [Fact]
    public void Machine_WithAnotherZebraWithoutNftAndWithoutRoom_IsSoNamed()
    {
        Assert.Equal(["zebra-foreign"], Codes(Machine.Fine() with { OtherZebra = "Another zebra runs." }));
        Assert.Equal(["nftables-missing"], Codes(Machine.Fine() with { NftMissing = "no such file" }));
        Assert.Equal(["disk-full"], Codes(Machine.Fine() with { StateRoom = new(IsReadOnly: false, Free: 4096) }));
        Assert.Equal(["state-read-only"], Codes(Machine.Fine() with { StateRoom = new(IsReadOnly: true, Free: 0) }));
    }

    [Fact]
    public void CiliumHostRouting_IsAWarningWhereItIsOn_OrCannotBeSeen()
    {
        var with = Machine.Fine() with { Links = [.. Machine.Fine().Links, Machine.NewLink(20, "cilium_net", "veth"), Machine.NewLink(21, "cilium_host", "veth")] };
        Assert.Empty(Codes(Machine.Fine() with { CiliumRoutesByBpf = true })); // what a Cilium that is gone left behind
        Assert.Equal(["cilium-host-routing"], Codes(with with { CiliumRoutesByBpf = true }));
        Assert.Equal(["cilium-host-routing"], Codes(with));
        Assert.Empty(Codes(with with { CiliumRoutesByBpf = false }));
    }

    [Theory]
    [InlineData("#define ENABLE_IPV4 1\n#define ENABLE_HOST_ROUTING 1\n", true)]
    [InlineData("/*\n * HOST\n */\n#define ENABLE_IPV4 1\n#define HASH_INIT4_SEED 1910299206\n#define ENABLE_HOST_ROUTING_NOT 1\n#undef ENABLE_HOST_ROUTING\n", false)]
    [InlineData("#define ENABLE_IPV4 1\n#define EVENTS_MAP_RATE_LIMIT 0\n", false)]
    [InlineData("#define ENABLE_IPV4 1\n#define ENABLE_NODEPORT 1\n#define ENABLE_MASQUERADE_IPV4 1\n", null)] // of a release that does not say it there any more
    [InlineData("", null)]
    [InlineData(null, null)]
    public void CiliumState_IsReadFromWhatItsProgramsAreCompiledWith(string? header, bool? expected)
    {
        var directory = Directory.CreateTempSubdirectory("meshover-cilium-").FullName;
        Directory.CreateDirectory(Path.Combine(directory, "globals"));
        if (header is not null)
            File.WriteAllText(Path.Combine(directory, "globals/node_config.h"), header);
        Assert.Equal(expected, CiliumState.RoutesByBpf(directory));
        Directory.Delete(directory, recursive: true);
    }

    private static IEnumerable<string> Codes(MachineFacts facts) => Examination.Examine(facts).Findings.Select(finding => finding.Code);

    [Fact]
    public void UnderlayRoute_DefaultThatEncapsulates_IsAWarning() =>
        Assert.Equal(["underlay-route: warning"], Machine.Fine().With(Machine.Route("0.0.0.0/0") with { HasEncapsulation = true }).Findings());

    [Fact]
    public void UnderlayRoute_RuleIntoMainBeforeOurs_IsAWarning() =>
        Assert.Equal(["underlay-route: warning"], Machine.Fine().With(Machine.Rule(32000, RouteInfo.MainTable)).Findings());

    [Fact]
    public void NetworkManager_NotTold_IsAWarningThatCanBeFixed()
    {
        var finding = Assert.Single(Examination.Examine(Machine.Fine() with { SnippetsMissing = [Snippet.All[0]] }).Findings);

        Assert.Equal(("network-manager", Severity.Warning, true), (finding.Check, finding.Severity, finding.Fixable));
    }

    [Fact]
    public void Snippets_AreBuiltInAndNameTheirPath() =>
        Assert.All(Snippet.All, snippet => Assert.Contains(snippet.Path, snippet.Read().Split('\n')[0], StringComparison.Ordinal));

    [Fact]
    public void Healthy_WarningsAlone_AreHealthy() => Assert.True(Examination.Examine(Machine.Fine() with { DisablesIpv6 = true }).Healthy);
}
