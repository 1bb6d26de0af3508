using Meshover.Cli.Doctor;
using Xunit;

namespace Meshover.UnitTests.Cli.Doctor;

/// <summary>What firewalls do to the mesh's packets, read from nft's JSON.</summary>
public sealed class FirewallCheckTests
{
    private const string Accept = """{"accept":null}""";
    private const string Drop = """{"drop":null}""";
    private const string InputLink = """{"meta":{"key":"iifname"}}""";
    private const string OutputLink = """{"meta":{"key":"oifname"}}""";
    private const string State = """{"ct":{"key":"state"}}""";
    private const string Comment = """{"xt":{"type":"match","name":"comment"}}""";

    [Theory]
    [InlineData("""["saddr","mark","iif"]""", "false", true)]
    [InlineData("""["saddr","iif"]""", "\"0\"", true)]
    [InlineData("""["saddr","mark"]""", "false", false)] // any way back will do
    [InlineData("""["daddr","iif"]""", "false", false)]
    public void ReversePathRule_ThatAsksForTheInterface_IsAWarning(string flags, string right, bool isFound)
    {
        var facts = Machine.Fine().WithFirewall(
            Machine.Chain("inet", "firewalld", "filter_PREROUTING", "prerouting"),
            Machine.Rule("inet", "firewalld", "filter_PREROUTING",
                Machine.Is($$"""{"fib":{"result":"oif","flags":{{flags}} } }""", right), """{"counter":{"packets":0,"bytes":0} }""", """{"drop":null}"""));
        Assert.Equal(isFound ? ["rp-filter-rule: warning"] : [], facts.Findings());
    }

    [Fact]
    public void Docker_PolicyDrop_IsAFaultThatCanBeFixed()
    {
        var finding = Assert.Single(Examination.Examine(Machine.Fine().WithFirewall(Docker())).Findings);

        Assert.Equal(("docker", Severity.Fault, true), (finding.Check, finding.Severity, finding.Fixable));
    }

    [Fact]
    public void Docker_WithOurRules_IsFine() =>
        Assert.Empty(Machine.Fine().WithFirewall(Docker(Machine.Rule("ip", "filter", "DOCKER-USER", Machine.Is(InputLink, "\"mo-*\""), Comment, Accept))).Findings());

    [Fact]
    public void Docker_KeptByTheOldIptables_IsAFault() =>
        Assert.Equal(["docker: fault"], (Machine.Fine() with { LegacyDocker = [new LegacyDocker("iptables", DropsForwarding: true, HasOurRules: false)] }).Findings());

    private const string Masquerade = """{"masquerade":null}""";
    private const string Source = """{"payload":{"protocol":"ip","field":"saddr"}}""";

    public static TheoryData<string[], bool> Translations => new()
    {
        { [Machine.Is(OutputLink, "\"mo-*\""), Masquerade], true },
        { [Machine.Is(InputLink, "\"mo-*\""), Machine.Is(Source, "\"10.64.0.1\""), """{"snat":{"addr":"192.0.2.1"}}"""], true },
        { [Machine.Is(OutputLink, "\"mo-*\""), """{"xt":{"type":"target","name":"MASQUERADE"}}"""], true },
        { [Machine.Is(OutputLink, "\"mo-*\""), Machine.Is(InputLink, "\"mo-*\"", "!="), Masquerade], false }, // what stands behind this machine
        { [Machine.Is(OutputLink, "\"eth0\""), Masquerade], false },
        { [Machine.Is(Source, "\"172.17.0.0\""), Machine.Is(OutputLink, "\"docker0\"", "!="), Masquerade], false }, // Docker's
        { [Machine.Is(OutputLink, "\"mo-*\""), Accept], false },
    };

    [Theory]
    [MemberData(nameof(Translations))]
    public void Nat_OnTheLinks_DoesNotSeeWhatIsHandedOn(string[] rule, bool isFound) =>
        Assert.Equal(isFound ? ["nat: warning"] : [], Machine.Fine().WithFirewall(
            Machine.Chain("ip", "nat", "post", "postrouting"), Machine.Rule("ip", "nat", "post", rule)).Findings());

    [Fact]
    public void Nat_InAChainThatTheLinksAreLedTo_IsFoundToo() =>
        Assert.Equal(["nat: warning"], Machine.Fine().WithFirewall(
            Machine.Chain("inet", "firewalld", "nat_POSTROUTING", "postrouting"), Machine.Chain("inet", "firewalld", "nat_POST_public"),
            Machine.Rule("inet", "firewalld", "nat_POSTROUTING", Machine.Is(OutputLink, "\"mo-*\""), """{"goto":{"target":"nat_POST_public"}}"""),
            Machine.Rule("inet", "firewalld", "nat_POST_public", Masquerade)).Findings());

    [Fact]
    public void OwnTable_PolicyDropOfInput_NamesEachPacketThatIsLost() =>
        Assert.Equal(["firewall: fault", "firewall: fault", "firewall: fault"], Input().Findings());

    // BGP and BFD speak IPv6 on the links, and WireGuard comes by the family that is left.
    [Fact]
    public void Iptables_PolicyDropOfInputWithThePortOpen_IsFine() =>
        Assert.Empty(Machine.Fine().WithFirewall(Machine.Chain("ip", "filter", "INPUT", "input", "drop"),
            Machine.Rule("ip", "filter", "INPUT", Machine.Is("""{"payload":{"protocol":"udp","field":"dport"}}""", "12912"), Accept)).Findings());

    [Fact]
    public void Iptables_PolicyDropOfInput_IsAWarningForWireGuardAlone() =>
        Assert.Equal(["firewall: warning"], Machine.Fine().WithFirewall(Machine.Chain("ip", "filter", "INPUT", "input", "drop")).Findings());

    [Fact]
    public void Iptables_BothFamiliesDropInput_AreFaults() =>
        Assert.Equal(["firewall: fault", "firewall: fault", "firewall: fault", "firewall: fault"], Machine.Fine().WithFirewall(
            Machine.Chain("ip", "filter", "INPUT", "input", "drop"), Machine.Chain("ip6", "filter", "INPUT", "input", "drop")).Findings());

    [Theory]
    [InlineData("bridge", "forward")]
    [InlineData("arp", "input")]
    [InlineData("netdev", "input")]
    public void Tables_ThatSeeNoRoutedPacket_AreNotAccused(string family, string hook) =>
        Assert.Empty(Machine.Fine().WithFirewall(Machine.Chain(family, "filter", "c", hook, "drop")).Findings());

    [Fact]
    public void OwnTable_ThatDropsIPv4Alone_IsAWarningForWireGuardAlone() =>
        Assert.Equal(["firewall: warning"], Machine.Fine().WithFirewall(Machine.Chain("inet", "f", "in", "input", "accept"),
            Machine.Rule("inet", "f", "in", Machine.Is("""{"meta":{"key":"nfproto"}}""", "\"ipv4\""), Drop)).Findings());

    [Fact]
    public void OwnTable_ThatLetsThePortAndTheLinksIn_IsFine() =>
        Assert.Empty(Input(
            Machine.Rule("inet", "f", "in", Machine.Is(State, """["established","related"]""", "in"), Accept),
            Machine.Rule("inet", "f", "in", Machine.Is("""{"payload":{"protocol":"udp","field":"dport"}}""", """{"set":[22,{"range":[12900,12999]}]}"""), Accept),
            Machine.Rule("inet", "f", "in", Machine.Is(InputLink, """{"set":["lo","mo-*"]}"""), Accept)).Findings());

    [Fact]
    public void OwnTable_ThatLetsEstablishedInAlone_IsAFault() =>
        Assert.Equal(3, Input(Machine.Rule("inet", "f", "in", """{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["established",{"accept":null}]]}}}""")).Findings().Length);

    [Fact]
    public void OwnTable_ThatAcceptsByWhatIsNotKnown_IsNotAccused() =>
        Assert.Empty(Input(Machine.Rule("inet", "f", "in", Machine.Is("""{"meta":{"key":"mark"}}""", "5"), Accept)).Findings());

    // Friends of IPv4 may pass, but BGP and BFD do not come by it.
    [Fact]
    public void OwnTable_ThatAcceptsSomeOfIPv4_IsAccusedOfWhatComesByIPv6() =>
        Assert.Equal(["firewall: warning", "firewall: fault", "firewall: fault"],
            Input(Machine.Rule("inet", "f", "in", Machine.Is("""{"payload":{"protocol":"ip","field":"saddr"}}""", "\"@friends\""), Accept)).Findings());

    [Fact]
    public void OwnTable_AnswerFromAJumpedChain_Counts() =>
        Assert.Empty(Input(Machine.Chain("inet", "f", "mesh"), Machine.Rule("inet", "f", "in", """{"jump":{"target":"mesh"}}"""), Machine.Rule("inet", "f", "mesh", Accept)).Findings());

    [Fact]
    public void OwnTable_ThatDropsWhatComesFromLinks_IsAFault() =>
        Assert.Equal(["firewall: fault", "firewall: fault"], Machine.Fine().WithFirewall(
            Machine.Chain("inet", "f", "fwd", "forward"), Machine.Rule("inet", "f", "fwd", Machine.Is(InputLink, "\"mo-*\""), Drop)).Findings());

    [Fact]
    public void OwnTable_ThatDropsOtherInterfaces_IsFine() =>
        Assert.Empty(Machine.Fine().WithFirewall(
            Machine.Chain("inet", "f", "fwd", "forward"), Machine.Rule("inet", "f", "fwd", Machine.Is(OutputLink, "\"wan0\""), Drop)).Findings());

    [Fact]
    public void Firewalld_WithoutOurInterfaces_IsOneFault() =>
        Assert.Equal(["firewalld: fault"], Machine.Fine().WithFirewall(
            Machine.Chain("inet", "firewalld", "filter_FORWARD", "forward"),
            Machine.Rule("inet", "firewalld", "filter_FORWARD", Machine.Is("""{"ct":{"key":"status"}}""", "\"dnat\"", "in"), Accept),
            Machine.Rule("inet", "firewalld", "filter_FORWARD", """{"reject":{"type":"icmpx","expr":"admin-prohibited"}}""")).Findings());

    [Fact]
    public void OurOwnTable_IsNotAccused() =>
        Assert.Empty(Machine.Fine().WithFirewall(Machine.Chain("inet", "meshover", "arriving", "input", "drop")).Findings());

    private static MachineFacts Input(params string[] items) => Machine.Fine().WithFirewall([Machine.Chain("inet", "f", "in", "input", "drop"), .. items]);

    // As dockerd 20.10 sets it up by iptables-nft.
    private static string[] Docker(params string[] users) =>
    [
        Machine.Chain("ip", "filter", "DOCKER"),
        Machine.Chain("ip", "filter", "DOCKER-USER"),
        Machine.Chain("ip", "filter", "FORWARD", "forward", "drop"),
        .. users,
        Machine.Rule("ip", "filter", "DOCKER-USER", """{"return":null}"""),
        Machine.Rule("ip", "filter", "FORWARD", """{"jump":{"target":"DOCKER-USER"}}"""),
        Machine.Rule("ip", "filter", "FORWARD", Machine.Is(OutputLink, "\"docker0\""), """{"xt":{"type":"match","name":"conntrack"}}""", Accept),
        Machine.Rule("ip", "filter", "FORWARD", Machine.Is(OutputLink, "\"docker0\""), """{"jump":{"target":"DOCKER"}}"""),
        Machine.Rule("ip", "filter", "FORWARD", Machine.Is(InputLink, "\"docker0\""), Machine.Is(OutputLink, "\"docker0\"", "!="), Accept),
    ];
}
