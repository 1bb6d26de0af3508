using System.Diagnostics;
using System.Text.Json.Nodes;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;
using Meshover.UnitTests.Kube.Api;

namespace Meshover.LabTests.Mesh;

/// <summary>meshover-kube on a node: what a cluster's API says of the node is in the kernel of the farthest node, and stays there whatever dies.</summary>
public sealed class KubeTests
{
    private const string Source = "kubernetes";
    private const string Name = "kube-1";
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private Process? _kube;

    [Fact]
    public Task PodCidrs_ComeChangeAndGo_AndStayThroughWhatDies() => WithClusterAsync(async (node, far, cluster) =>
    {
        await ChangesAreFollowedAsync(node, far, cluster);
        await TheApiServerIsAwayAsync(node, far, cluster, TimeSpan.Zero);
        await TheTokenExpiresAsync(node, far, cluster);
        await TheHistoryIsForgottenAsync(far, cluster);
        await KubeDiesAsync(node, far, cluster);
        await TheAgentDiesAsync(node, far, cluster);
        await AThousandChangesAreAFewAsync(far, cluster);

        cluster.Store.Delete("ciliumnodes", Name);
        await far.RoutedAsync(false, "10.244.200.0/24");
        await node.SaysAsync(Source, $"no prefix; the cluster has no CiliumNode {Name}", _ct);
    });

    /// <summary>An hour, so only by name.</summary>
    [Fact(Explicit = true)]
    public Task ApiServer_AwayForAnHour_ChangesNothing() => WithClusterAsync((node, far, cluster) => TheApiServerIsAwayAsync(node, far, cluster, TimeSpan.FromHours(1)));

    private async Task WithClusterAsync(Func<LabNode, LabNode, ClusterServer, Task> act)
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        var (node, far) = (mesh.Node(1), mesh.Node(3));
        await using var cluster = new ClusterServer(make => node.Machine.InNetwork(make));
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "fd44:0:0:1::/64");
        await cluster.StartAsync();
        await mesh.SettledAsync(_ct);
        await mesh.GrantAsync(1, "10.244.0.0/16", 32, _ct);
        await mesh.GrantAsync(1, "fd44::/48", 128, _ct);
        try
        {
            StartKube(node, cluster);
            await far.RoutedAsync(true, "10.244.1.0/24", "fd44:0:0:1::/64");
            await node.SaysAsync(Source, $"2 prefixes; CiliumNode {Name}", _ct);
            Assert.Equal([Source], (await node.AskedAsync(_ct))["10.244.1.0/24"]);
            await act(node, far, cluster);
        }
        finally
        {
            await EndKubeAsync();
        }
    }

    private async Task ChangesAreFollowedAsync(LabNode node, LabNode far, ClusterServer cluster)
    {
        cluster.PutCiliumNode(Name, new JsonObject
        {
            ["podCIDRs"] = ClusterServer.Texts("10.244.1.0/24"),
            ["pools"] = new JsonObject { ["allocated"] = new JsonArray(new JsonObject { ["pool"] = "default", ["cidrs"] = ClusterServer.Texts("10.244.20.0/27", "10.99.0.0/24") }) },
        });
        await far.RoutedAsync(true, "10.244.20.0/27");
        await far.RoutedAsync(false, "10.244.1.0/24", "fd44:0:0:1::/64", "10.99.0.0/24");
        Assert.Contains((await node.StatusAsync(_ct)).Notices, notice => notice.StartsWith($"{Source}: 10.99.0.0/24 is not granted, and so not announced.", StringComparison.Ordinal));
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "10.244.300.0/24");
        await node.SaysAsync(Source, $"2 prefixes; CiliumNode {Name} has the pod CIDR \"10.244.300.0/24\", which is no prefix: what was announced stays", _ct);
        await far.RoutedAsync(true, "10.244.20.0/27");
        cluster.PutCiliumNode(Name, "10.244.1.0/24");
        await far.RoutedAsync(true, "10.244.1.0/24");
    }

    private async Task TheApiServerIsAwayAsync(LabNode node, LabNode far, ClusterServer cluster, TimeSpan forSoLong)
    {
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        await cluster.StopAsync();
        await SaysOfAsync(node, "does not answer: Connection refused (since ");
        await Task.Delay(forSoLong, TimeProvider.System, _ct);
        await SaysOfAsync(node, "does not answer: Connection refused (since ");
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "10.244.2.0/24");
        await cluster.StartAsync();
        await far.RoutedAsync(true, "10.244.1.0/24", "10.244.2.0/24");
        await monitor.NeverGoneAsync(_ct, "10.244.1.0/24");
    }

    private async Task TheTokenExpiresAsync(LabNode node, LabNode far, ClusterServer cluster)
    {
        cluster.NewToken("token-2", write: false);
        cluster.Store.Compact();
        await SaysOfAsync(node, "refuses the credentials (401)");
        await far.RoutedAsync(true, "10.244.1.0/24");
        cluster.NewToken("token-2");
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "10.244.3.0/24");
        await far.RoutedAsync(true, "10.244.3.0/24");
        await far.RoutedAsync(false, "10.244.2.0/24");
    }

    private static async Task TheHistoryIsForgottenAsync(LabNode far, ClusterServer cluster)
    {
        cluster.Store.Compact();
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "10.244.4.0/24");
        await far.RoutedAsync(true, "10.244.4.0/24");
    }

    private async Task KubeDiesAsync(LabNode node, LabNode far, ClusterServer cluster)
    {
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        await EndKubeAsync();
        await SaysOfAsync(node, "its program is away since ");
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "10.244.5.0/24");
        StartKube(node, cluster);
        await far.RoutedAsync(true, "10.244.5.0/24");
        await far.RoutedAsync(false, "10.244.4.0/24");
        await monitor.NeverGoneAsync(_ct, "10.244.1.0/24");
    }

    /// <summary>Killed, it announces on; back, it has what changed meanwhile, and withdrew nothing that stayed.</summary>
    private async Task TheAgentDiesAsync(LabNode node, LabNode far, ClusterServer cluster)
    {
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        await node.AgentAnewAsync(_ct);
        cluster.PutCiliumNode(Name, "10.244.1.0/24", "10.244.6.0/24");
        await far.RoutedAsync(true, "10.244.6.0/24");
        await far.RoutedAsync(false, "10.244.5.0/24");
        // Nobody is there to tell it: it goes on by what it was told before.
        await EndKubeAsync();
        await node.AgentAnewAsync(_ct);
        await node.SaysAsync(Source, "2 prefixes; its program has not been heard since the agent's start, and what it told stays", _ct);
        await far.RoutedAsync(true, "10.244.6.0/24");
        await monitor.NeverGoneAsync(_ct, "10.244.1.0/24");
        StartKube(node, cluster);
    }

    private async Task AThousandChangesAreAFewAsync(LabNode far, ClusterServer cluster)
    {
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        for (var number = 0; number < 1000; number++) cluster.PutCiliumNode(Name, $"10.244.{200 + (number % 50)}.0/24");
        cluster.PutCiliumNode(Name, "10.244.200.0/24");
        await far.RoutedAsync(true, "10.244.200.0/24");
        await far.RoutedAsync(false, "10.244.1.0/24", "10.244.249.0/24");
        Assert.InRange(await monitor.ChangesWithinAsync("10.244.0.0/16", _ct), 1, 60);
    }

    private Task<TimeSpan> SaysOfAsync(LabNode node, string words) => Until.NothingIsMissingAsync($"{Source} says \"{words}\"", SourceBed.Patience, async () =>
    {
        var said = await node.SourceAsync(Source, _ct);
        return said?.Contains(words, StringComparison.Ordinal) == true ? null : $"it says \"{said}\"";
    }, _ct);

    private void StartKube(LabNode node, ClusterServer cluster) => _kube = Process.Start(node.Machine.Command(
        LabPrograms.Kube, "--node", Name, "--kubeconfig", cluster.Kubeconfig, "--token-file", cluster.TokenFile))!;

    /// <summary>By SIGKILL.</summary>
    private async Task EndKubeAsync()
    {
        if (_kube is null) return;
        _kube.Kill(entireProcessTree: true);
        await _kube.WaitForExitAsync(CancellationToken.None);
        _kube.Dispose();
        _kube = null;
    }
}
