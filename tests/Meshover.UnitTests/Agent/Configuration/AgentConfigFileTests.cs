using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Configuration;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Xunit;

namespace Meshover.UnitTests.Agent.Configuration;

public sealed class AgentConfigFileTests : IDisposable
{
    [Fact]
    public void Load_Gathering_IsRead()
    {
        var config = Load("""
            gather: [203.0.113.0/24, "2001:db8:77::/48"]
            gather-priority: 200
            gather-check: [198.51.100.1, "2001:db8::1"]
            gather-fallback: default
            masquerade: [10.224.0.0/16, "fd24::/48"]
            """);
        Assert.Equal(["203.0.113.0/24", "2001:db8:77::/48"], config.Gather.Select(range => range.ToString()));
        Assert.Equal((200, true), (config.GatherPriority, config.GatherFallback));
        Assert.Equal([IPAddress.Parse("198.51.100.1"), IPAddress.Parse("2001:db8::1")], config.GatherCheck);
        Assert.Equal(["10.224.0.0/16", "fd24::/48"], config.Masquerade.Select(range => range.ToString()));
        Assert.Equal((100, false), (AgentConfig.Default.GatherPriority, AgentConfig.Default.GatherFallback));
    }

    [Theory]
    [InlineData("gather: 0.0.0.0/0", "is everything")]
    [InlineData("gather: ['::/0']", "is everything")]
    [InlineData("gather: 203.0.113.1/24", "has bits set beyond its length")]
    [InlineData("gather: 127.0.0.0/8", "is never routed")]
    [InlineData("masquerade: 0.0.0.0/0", "is everything")]
    [InlineData("masquerade: pods", "is not a prefix")]
    [InlineData("gather-priority: 0", "write a number from 1 to 255")]
    [InlineData("gather-check: example.net", "is not the address of a host outside")]
    [InlineData("gather-check: 127.0.0.1", "is not the address of a host outside")]
    [InlineData("gather-fallback: yes", "is not one of refuse, default")]
    public void Load_GatheringThatCannotBe_SaysWhy(string setting, string why) =>
        Assert.Contains(why, Assert.Throws<ConfigurationException>(() => Load(setting)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_LinkCosts_AreOfNodesAndOfSites()
    {
        var config = Load("""
            measured-cost: false
            prefer-underlay: [10.0.0.0/8, "fd00::/8"]
            link-cost: [N3=200, "site:Tokyo 2=50", "site:a=b=0"]
            """);
        Assert.False(config.MeasuredCost);
        Assert.Equal(["10.0.0.0/8", "fd00::/8"], config.PreferUnderlay.Select(prefix => $"{prefix}"));
        Assert.Equal([new AddedCost("n3", "", 200), new AddedCost("", "Tokyo 2", 50), new AddedCost("", "a=b", 0)], config.LinkCosts);
        Assert.True(AgentConfig.Default.MeasuredCost);
    }

    [Theory]
    [InlineData("link-cost: n3", "is not a node with a cost")]
    [InlineData("link-cost: n3=", "is not a node with a cost")]
    [InlineData("link-cost: n3=-1", "is not a node with a cost")]
    [InlineData("link-cost: n3=10001", "a cost of 0 to 10000")]
    [InlineData("link-cost: =5", "is not a node with a cost")]
    [InlineData("link-cost: 'site:=5'", "names no site")]
    [InlineData("link-cost: [n3=5, N3=6]", "n3 has two costs")]
    [InlineData("link-cost: ['site:a=5', 'site:a=6']", "site:a has two costs")]
    [InlineData("link-cost: n_3=5", "n_3")]
    [InlineData("measured-cost: maybe", "is not one of true, false")]
    public void Load_LinkCostThatCannotBe_SaysWhy(string setting, string why) =>
        Assert.Contains(why, Assert.Throws<ConfigurationException>(() => Load(setting)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_BfdProfiles_AreOfAllOfNodesAndOfSites()
    {
        var config = Load("""bfd-profile: [wan, N3=lan, "site:Tokyo 2=lossy", n4=auto]""");
        Assert.Equal(
            [new BfdChoice("", "", BfdProfile.Wan), new BfdChoice("n3", "", BfdProfile.Lan), new BfdChoice("", "Tokyo 2", BfdProfile.Lossy), new BfdChoice("n4", "", null)], config.BfdProfiles);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("bfd-profile: auto", true)]
    [InlineData("bfd-profile: n3=lan", true)]
    [InlineData("bfd-profile: [wan, n3=auto]", true)]
    [InlineData("bfd-profile: [wan, n3=lan]", false)]
    public void MeasuresLinks_WithoutMeasuredCost_OnlyForProfilesThatGoByIt(string setting, bool isMeasured) => Assert.Equal(isMeasured, Load($"measured-cost: false\n{setting}").MeasuresLinks);

    [Theory]
    [InlineData("bfd-profile: fast", "is not a profile of BFD; write auto, lan, wan or lossy")]
    [InlineData("bfd-profile: n3=fast", "is not a profile of BFD")]
    [InlineData("bfd-profile: n3=", "is not a profile of BFD")]
    [InlineData("bfd-profile: =lan", "is not a profile of BFD")]
    [InlineData("bfd-profile: 'site:=lan'", "names no site")]
    [InlineData("bfd-profile: [wan, lan]", "all links have two profiles")]
    [InlineData("bfd-profile: [n3=wan, N3=lan]", "the links with n3 have two profiles")]
    [InlineData("bfd-profile: ['site:a=wan', 'site:a=lan']", "the links with site:a have two profiles")]
    [InlineData("bfd-profile: n_3=lan", "n_3")]
    public void Load_BfdProfileThatCannotBe_SaysWhy(string setting, string why) =>
        Assert.Contains(why, Assert.Throws<ConfigurationException>(() => Load(setting)).Message, StringComparison.Ordinal);

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"agent-{Guid.NewGuid():n}.yaml");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Load_EverySettingGiven_ReadsThemAll()
    {
        var config = Load("""
            hostname: Web-1.Example
            announce: [10.64.1.0/24, "fd64:1::/64"]
            announce-tables: [119, 120]
            announce-interfaces: kube-lb0
            workloads: [{interface: vmbr0, prefixes: [10.70.0.0/16, 'fd70::/64'], hosts: true}]
            listen-port: 51820
            interface:
              - eth0
            endpoint: [203.0.113.7, "[2001:db8::7]:4000"]
            site: 'Tokyo: 1'
            transit: never
            dataplane: off
            routing: off
            mtu: 1400
            advertise: false
            templates: /etc/meshover/templates
            map.maxAge: 36h
            controller: [ctl.example.net, "192.0.2.1:9", "2001:db8::1"]
            """);

        Assert.Equal("web-1.example", config.HostName);
        Assert.Equal([IPNetwork.Parse("10.64.1.0/24"), IPNetwork.Parse("fd64:1::/64")], config.Announce);
        Assert.Equal([119u, 120u], config.AnnounceTables);
        Assert.Equal(["kube-lb0"], config.AnnounceInterfaces);
        Assert.Equal([new WorkloadNetwork("vmbr0") { Prefixes = [IPNetwork.Parse("10.70.0.0/16"), IPNetwork.Parse("fd70::/64")], Hosts = true }], config.Workloads);
        Assert.Equal(51820, config.ListenPort);
        Assert.Equal(["eth0"], config.Interfaces);
        Assert.Equal([IPEndPoint.Parse("203.0.113.7:51820"), IPEndPoint.Parse("[2001:db8::7]:4000")], config.Endpoints);
        Assert.Equal("Tokyo: 1", config.Site);
        Assert.Equal(TransitRole.Never, config.Transit);
        Assert.Equal(DataplaneChoice.Off, config.Dataplane);
        Assert.Equal(RoutingChoice.Off, config.Routing);
        Assert.Equal(1400, config.Mtu);
        Assert.False(config.Advertise);
        Assert.Equal("/etc/meshover/templates", config.Templates);
        Assert.Equal(TimeSpan.FromHours(36), config.MapMaxAge);
        Assert.Equal(["ctl.example.net:12913", "192.0.2.1:9", "[2001:db8::1]:12913"], config.Controllers);
    }

    [Fact]
    public void Load_NoFile_GivesTheDefaults()
    {
        var config = AgentConfigFile.Load(_path);

        Assert.Equal(12912, config.ListenPort);
        Assert.Equal(TransitRole.Auto, config.Transit);
        Assert.True(config.Advertise);
        Assert.Null(config.MapMaxAge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("announce:\n")]
    [InlineData("announce: []\nsite: ~\n")]
    public void Load_NothingSet_GivesTheDefaults(string yaml) => Assert.Empty(Load(yaml).Announce);

    [Fact]
    public void Load_FlagsOverTheFile_WinWhole()
    {
        File.WriteAllText(_path, "announce: [10.1.0.0/16]\nsite: here\n");

        var config = AgentConfigFile.Load(_path, [new RawSetting("announce", ["10.2.0.0/16"], "--announce")]);

        Assert.Equal([IPNetwork.Parse("10.2.0.0/16")], config.Announce);
        Assert.Equal("here", config.Site);
    }

    [Fact]
    public void Load_SeveralErrors_ReportsEachWithItsLine()
    {
        var errors = Errors("""
            listen-port: 70000
            anounce: [10.0.0.0/8]
            mtu: small
            transit: maybe
            """);

        Assert.Equal(
            [
                $"{_path}:1:1: \"70000\" is not a port; write a number from 1 to 65535.",
                $"{_path}:2:1: there is no setting \"anounce\"; did you mean \"announce\"?",
                $"{_path}:3:1: \"small\" is not a valid MTU; write 0 (follow the underlay) or 1280-65000 bytes.",
                $"{_path}:4:1: \"maybe\" is not one of auto, always, never.",
            ],
            errors);
    }

    [Theory]
    [InlineData("announce: 10.0.0.1/8", "has bits set beyond its length: write 10.0.0.0/8")]
    [InlineData("announce: 10.0.0.0", "is not a prefix")]
    [InlineData("announce: 224.0.0.0/8", "is never routed")]
    [InlineData("announce: fe80::/64", "is never routed")]
    [InlineData("announce: [10.0.0.0/8, 10.0.0.0/8]", "is there twice")]
    [InlineData("announce: {a: b}", "nothing nested")]
    [InlineData("announce: [[10.0.0.0/8]]", "nothing nested")]
    [InlineData("announce-tables: coil", "is not the number of a routing table")]
    [InlineData("announce-tables: 0", "stands for all of them")]
    [InlineData("announce-tables: 253", "the kernel's own (default)")]
    [InlineData("announce-tables: 254", "the kernel's own (main)")]
    [InlineData("announce-tables: 255", "the kernel's own (local)")]
    [InlineData("announce-tables: 7401", "Meshover's own")]
    [InlineData("announce-tables: [119, 119]", "is there twice")]
    [InlineData("announce-interfaces: meshover-lo", "name one of the workloads'")]
    [InlineData("workloads: vmbr0", "workloads[0]: keys with values are expected here")]
    [InlineData("workloads: {interface: all, prefixes: [10.70.0.0/16]}", "workloads[0].interface: \"all\" is no interface")]
    [InlineData("announce-interfaces: default", "\"default\" is no interface")]
    [InlineData("workloads: {interface: vmbr0}", "workloads[0].prefixes: it is missing")]
    [InlineData("workloads: {prefixes: [10.70.0.0/16]}", "workloads[0].interface: it is missing")]
    [InlineData("workloads: {interface: vmbr0, prefixes: [0.0.0.0/0]}", "workloads[0].prefixes: \"0.0.0.0/0\" is everything")]
    [InlineData("workloads: {interface: vmbr0, prefixes: [10.70.0.0/16], hosts: yes}", "workloads[0].hosts: \"yes\" is not one of true, false")]
    [InlineData("workloads: {interface: vmbr0, prefixes: [10.70.0.0/16], host: true}", "workloads[0].host: there is no such key; the keys are interface, prefixes, hosts")]
    [InlineData("workloads: [{interface: a, prefixes: 10.70.0.0/16}, {interface: a, prefixes: 10.71.0.0/16}]", "workloads: a is there twice")]
    [InlineData("hostname: a_b", "characters that a hostname cannot have")]
    [InlineData("hostname: -a", "hyphen")]
    [InlineData("hostname: [a, b]", "takes one value, not 2")]
    [InlineData("listen-port: 0", "not a port")]
    [InlineData("listen-port: +5", "not a port")]
    [InlineData("interface: meshover0", "of the mesh itself")]
    [InlineData("interface: mo-00000001", "of the mesh itself")]
    [InlineData("interface: 'a b'", "not an interface name")]
    [InlineData("interface: abcdefghijklmnop", "not an interface name")]
    [InlineData("endpoint: 10", "not an endpoint")]
    [InlineData("endpoint: ctl.example.net:1", "not an endpoint")]
    [InlineData("endpoint: 127.0.0.1:1", "cannot be reached")]
    [InlineData("endpoint: '[::]:1'", "cannot be reached")]
    [InlineData("mtu: 1279", "not a valid MTU")]
    [InlineData("mtu: -1", "not a valid MTU")]
    [InlineData("advertise: yes", "not one of true, false")]
    [InlineData("templates: templates", "not an absolute path")]
    [InlineData("map.maxAge: 5", "not a duration")]
    [InlineData("map.maxAge: -5h", "not a duration")]
    [InlineData("map.maxAge: 99999999999d", "not a duration")]
    [InlineData("controller: 'a b'", "not a controller")]
    [InlineData("controller: 'a:0'", "not a controller")]
    [InlineData("map: {maxAge: 1d}", "nothing nested")]
    [InlineData("zzz: 1", "the settings are hostname, announce")]
    [InlineData("- a\n- b", "settings are expected")]
    [InlineData("just text", "settings are expected")]
    [InlineData("site: a\nsite: b", "this is not YAML")]
    [InlineData("site: 'open", "this is not YAML")]
    [InlineData("a: b: c", "this is not YAML")]
    [InlineData("site: a\n---\nsite: b", "2 YAML documents")]
    public void Load_BadValue_SaysWhatAndWhere(string yaml, string expected)
    {
        var error = Assert.Single(Errors(yaml));

        Assert.StartsWith(_path, error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SiteOfWrongLength_IsRefused() => Assert.Contains("at most 63", Assert.Single(Errors($"site: {new string('x', 64)}")), StringComparison.Ordinal);

    [Fact]
    public void Build_EmptyText_TakesTheSettingBack()
    {
        var config = AgentConfigBuilder.Build([new RawSetting("announce", [""], "--announce"), new RawSetting("mtu", [""], "--mtu")]);

        Assert.Empty(config.Announce);
        Assert.Equal(0, config.Mtu);
    }

    [Fact]
    public void All_EachSetting_IsNamedOnceAndExplained()
    {
        var names = AgentSettings.All.Select(s => s.Name).ToImmutableArray();

        Assert.Equal(names.Distinct(), names);
        Assert.All(AgentSettings.All, s => Assert.Contains("Default: ", s.Help, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("listen_port", "listen-port")]
    [InlineData("Hostname", "hostname")]
    [InlineData("endpoints", "endpoint")]
    [InlineData("map.max-age", "map.maxAge")]
    public void Load_NearMiss_NamesWhatWasMeant(string written, string meant) =>
        Assert.EndsWith($"did you mean \"{meant}\"?", Assert.Single(Errors($"{written}: x")), StringComparison.Ordinal);

    private AgentConfig Load(string yaml)
    {
        File.WriteAllText(_path, yaml);
        return AgentConfigFile.Load(_path);
    }

    private ImmutableArray<string> Errors(string yaml)
    {
        File.WriteAllText(_path, yaml);
        return Assert.Throws<ConfigurationException>(() => AgentConfigFile.Load(_path)).Errors;
    }
}
