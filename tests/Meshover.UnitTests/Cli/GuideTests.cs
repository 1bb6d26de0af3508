using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Meshover.Agent.Configuration;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Architecture;
using Xunit;

namespace Meshover.UnitTests.Cli;

/// <summary>The settings that the guides show are settings that the program takes, and mean what the guide says.</summary>
public sealed partial class GuideTests
{
    [Fact]
    public void CoilAndPureLB_WatchCoilsTableAndPureLBsInterface()
    {
        var config = Settings("coil-purelb.md");
        Assert.Equal([119u], config.AnnounceTables);
        Assert.Equal(["kube-lb0"], config.AnnounceInterfaces);
    }

    [Theory]
    [InlineData("cluster-speakers.md", "peerAddress: {0}", "peerPort: {1}", "peerASN: {2}")]
    [InlineData("metallb.md", "peerAddress: {0}", "peerPort: {1}", "peerASN: {2}")]
    [InlineData("calico.md", "peerIP: {0}:{1}", "asNumber: {2}")]
    public void Speakers_FindTheAgentWhereTheyDial(string guide, params string[] values)
    {
        var (config, text) = (Settings(guide), Repository.Read($"docs/guides/{guide}"));
        foreach (var value in values)
            Assert.Contains(string.Format(CultureInfo.InvariantCulture, value, config.AnnounceBgp!.Address, config.AnnounceBgp.Port, config.AnnounceBgpAs), text, StringComparison.Ordinal);
    }

    [Fact]
    public void Calico_TheAgentDoesWhatCalicoIsToldNotTo()
    {
        var text = Repository.Read("docs/guides/calico.md");
        var pod = Assert.Single(Settings("calico.md").Masquerade);
        Assert.Contains($"cidr: {pod}\n      blockSize: 26\n      encapsulation: None\n      natOutgoing: Disabled", text, StringComparison.Ordinal);
        Assert.Contains($"grant add $node {pod} --max-length 32", text, StringComparison.Ordinal);
    }

    [Fact]
    public void CoilsPods_AreMasqueraded_AsTheyAreGranted()
    {
        var text = Repository.Read("docs/guides/coil-purelb.md");
        Assert.Contains("\nmasquerade: [10.224.0.0/16, \"fd24::/48\"]\n", text, StringComparison.Ordinal);
        Assert.Contains("grant add $node 10.224.0.0/16 --max-length 32", text, StringComparison.Ordinal);
    }

    /// <summary>Over an underlay of 1500, as all of them say.</summary>
    [Theory]
    [InlineData("calico.md")]
    [InlineData("cilium.md")]
    [InlineData("cluster-speakers.md")]
    [InlineData("coil-purelb.md")]
    [InlineData("kubeadm.md")]
    [InlineData("metallb.md")]
    [InlineData("proxmox.md")]
    public void Pods_HaveTheMtuOfALink(string guide) => Assert.Contains($"{LinkMtu.For(1500).Link}", Repository.Read($"docs/guides/{guide}"), StringComparison.Ordinal);

    [Fact]
    public void Proxmox_AnnouncesTheHostsOfABridgeOfItsOwn() => Assert.Equal(
        [new WorkloadNetwork("vmbr1") { Prefixes = [IPNetwork.Parse("10.70.0.0/16"), IPNetwork.Parse("fd70::/64")], Hosts = true }], Settings("proxmox.md").Workloads);

    /// <summary>The first block of YAML after the file's name.</summary>
    private static AgentConfig Settings(string guide)
    {
        var text = Repository.Read($"docs/guides/{guide}");
        var yaml = Yaml().Match(text, text.IndexOf("/etc/meshover/agent.yaml", StringComparison.Ordinal)).Groups["yaml"].Value;
        Assert.NotEmpty(yaml);
        return AgentConfigBuilder.Build(AgentConfigFile.ParseSettings(yaml, guide).Values);
    }

    [GeneratedRegex("```yaml\n(?<yaml>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Yaml();
}
