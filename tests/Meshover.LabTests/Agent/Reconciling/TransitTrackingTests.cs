using System.Net;
using System.Text.Json;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.LabTests.Cli;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Nftables;

namespace Meshover.LabTests.Agent.Reconciling;

/// <summary>Connection tracking on a node that passes packets from one link to another; the links are veths with the names of links.</summary>
public sealed class TransitTrackingTests : IAsyncLifetime
{
    private readonly string _name = $"t-track-{Environment.ProcessId}";

    private string Node => $"{_name}-n";

    public async ValueTask InitializeAsync()
    {
        foreach (var end in (string[])["n", "a", "b"])
            NetworkNamespace.Create($"{_name}-{end}");
        await LinkAsync("a", "mo-0000000a", "10.0.1");
        await LinkAsync("b", "mo-0000000b", "10.0.2");
        await InAsync("n", "sysctl -w net.ipv4.ip_forward=1");
        await InAsync("n", "nft add table inet count");
        await InAsync("n", "nft add chain inet count passing { type filter hook forward priority 0; }");
        await InAsync("n", "nft add chain inet count coming { type filter hook input priority 0; }");
        foreach (var chain in (string[])["passing", "coming"])
        {
            await InAsync("n", $"nft add rule inet count {chain} ip protocol icmp ct state new,established counter comment tracked");
            await InAsync("n", $"nft add rule inet count {chain} ip protocol icmp ct state untracked counter comment untracked");
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var end in (string[])["n", "a", "b"])
            NetworkNamespace.Delete($"{_name}-{end}");
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task FromLinkToLink_WithOurTable_IsNotTracked_AndWhatIsForTheMachineIs()
    {
        await InAsync("a", "ping -c 1 -W 5 10.0.2.2");
        Assert.Equal((2, 0), (await CountAsync("passing", "tracked"), await CountAsync("passing", "untracked")));

        await new Firewall(new Nft(NetworkNamespace.PathOf(Node)), generation: null)
            .SetAsync(FirewallDocument.Of("meshover0", IPNetwork.Parse("198.18.0.0/15")), TestContext.Current.CancellationToken);

        await InAsync("a", "ping -c 1 -W 5 10.0.2.2");
        Assert.Equal((2, 2), (await CountAsync("passing", "tracked"), await CountAsync("passing", "untracked")));
        await InAsync("a", "ping -c 1 -W 5 10.0.1.1");
        Assert.Equal((1, 0), (await CountAsync("coming", "tracked"), await CountAsync("coming", "untracked")));
    }

    private async Task LinkAsync(string end, string link, string network)
    {
        (await Programs.RunAsync("ip", ["link", "add", link, "netns", Node, "type", "veth", "peer", "name", "eth0", "netns", $"{_name}-{end}"])).Checked();
        await InAsync("n", $"ip addr add {network}.1/24 dev {link}");
        await InAsync("n", $"ip link set {link} up");
        await InAsync(end, $"ip addr add {network}.2/24 dev eth0");
        await InAsync(end, "ip link set eth0 up");
        await InAsync(end, $"ip route add default via {network}.1");
    }

    private async Task<int> CountAsync(string chain, string comment)
    {
        using var json = JsonDocument.Parse(await InAsync("n", $"nft -j list chain inet count {chain}"));
        return json.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("rule", out var rule) && rule.GetProperty("comment").GetString() == comment)
            .SelectMany(item => item.GetProperty("rule").GetProperty("expr").EnumerateArray())
            .Single(statement => statement.TryGetProperty("counter", out _))
            .GetProperty("counter").GetProperty("packets").GetInt32();
    }

    // A command with no blanks in its words.
    private async Task<string> InAsync(string end, string command) =>
        (await Programs.RunAsync("ip", ["netns", "exec", $"{_name}-{end}", .. command.Split(' ')])).Checked();
}
