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

    [Fact]
    public void ClusterSpeakers_FindTheAgentWhereTheyDial()
    {
        var config = Settings("cluster-speakers.md");
        var text = Repository.Read("docs/guides/cluster-speakers.md");
        var (address, port, asn) = (config.AnnounceBgp!.Address, config.AnnounceBgp.Port, config.AnnounceBgpAs);
        foreach (var value in (string[])[$"peerPort: {port}", $"peerASN: {asn}", $"peerAddress: {address}", $"peerIP: {address}:{port}", $"asNumber: {asn}"])
            Assert.Contains(value, text, StringComparison.Ordinal);
    }

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
