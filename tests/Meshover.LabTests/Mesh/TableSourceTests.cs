using System.Net;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>Table 119 as Coil v2 writes it: a route for each address block, by <c>lo</c>, of protocol 30, that comes and goes as pods do.</summary>
public sealed class TableSourceTests
{
    private const string Source = "table 119";
    private const int Many = 1000;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task BlocksOfCoil_ComeAndGo_AndTheFarNodeHasThem()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var (node, far) = (mesh.Node(1), mesh.Node(3));
        await mesh.GrantAsync(1, "10.224.0.0/16", 32, _ct);
        await mesh.GrantAsync(1, "fd24::/48", 128, _ct);
        await node.IpAsync("route add 10.224.0.0/30 dev lo proto 30 table 119", _ct);
        (await node.UpAsync(input: null, ["--announce-tables", "119,120"], _ct)).Checked();
        await far.RoutedAsync(true, "10.224.0.0/30");
        await node.SaysAsync("table 120", "the table is empty", _ct);

        await node.IpBatchAsync([Add("10.224.0.4/30"), "route add fd24::40/123 dev lo proto 30 table 119"], _ct);
        await far.RoutedAsync(true, "10.224.0.0/30", "10.224.0.4/30", "fd24::40/123");
        Assert.Equal([Source], (await node.AskedAsync(_ct))["10.224.0.4/30"]);

        await WhatCannotBeAnnouncedIsSaidAsync(node, far);
        await AThousandAreAFewChangesAsync(node, far);
        await TheAgentThatIsBackFindsWhatHappenedAsync(node, far);
        await ReservedTablesAreRefusedAsync(node, far);

        await TheControllerChoosesAPrefixAsync(mesh, far);

        (await node.UpAsync(input: null, ["--announce-tables", ""], _ct)).Checked();
        await far.RoutedAsync(false, "10.224.0.4/30", "fd24::40/123");
        Assert.Null(await node.SourceAsync(Source, _ct));
    }

    private async Task TheControllerChoosesAPrefixAsync(LabMesh mesh, LabNode far)
    {
        var node = mesh.Node(2);
        (await node.UpAsync(input: null, ["--announce", "auto/26,auto/64"], _ct)).Checked();
        await Until.NothingIsMissingAsync("it is said that there is no pool", SourceBed.Patience, async () =>
            (await node.MeshoverAsync(["status", "--json"], _ct)).Output is var said && said.Contains("no-prefix-assigned", StringComparison.Ordinal) ? null : said, _ct);

        mesh.Controller.Kill();
        await mesh.Controller.Machine.RunAsync("sh", ["-c", "printf 'workloadPool4: 10.96.0.0/12\nworkloadPool6: fd96::/48\n' >> /etc/meshover/controller.yaml"], _ct);
        mesh.Controller.Serve();
        await mesh.Controller.WaitAsync(_ct);
        await far.RoutedAsync(true, "10.96.0.0/26", "fd96::/64");
        await node.SaysAsync("controller", "10.96.0.0/26, fd96::/64", _ct);

        // It keeps it over its own restart, while it hears no controller. What a crash may lose is what is newer than the file of the map.
        await Until.NothingIsMissingAsync("the map on disk has it", SourceBed.Patience, async () =>
            (await node.Machine.RunAsync("grep", ["-qa", "10.96.0.0/26", "/var/lib/meshover/map.pb"], _ct)).ExitCode == 0 ? null : "it has not", _ct);
        mesh.Controller.Kill();
        await node.AgentAnewAsync(_ct);
        await node.SaysAsync("controller", "10.96.0.0/26, fd96::/64", _ct);
        await far.RoutedAsync(true, "10.96.0.0/26", "fd96::/64");
        mesh.Controller.Serve();
        await mesh.Controller.WaitAsync(_ct);
        (await node.UpAsync(input: null, ["--announce", ""], _ct)).Checked();
        await far.RoutedAsync(false, "10.96.0.0/26", "fd96::/64");
    }

    private async Task WhatCannotBeAnnouncedIsSaidAsync(LabNode node, LabNode far)
    {
        await node.IpBatchAsync([Add("10.99.0.0/24"), "route add blackhole 10.224.9.0/24 table 119", "route add unreachable 10.224.10.0/24 table 119",
            "route add default dev lo table 119", Add("169.254.7.0/24"), Add("10.224.11.0/24")], _ct);
        await far.RoutedAsync(true, "10.224.11.0/24");
        await node.SaysAsync(Source, "5 prefixes; left out: blackhole (1), default route (1), loopback, link-local or multicast (1), unreachable (1)", _ct);
        var status = await node.StatusAsync(_ct);
        Assert.Contains("10.99.0.0/24", status.AnnouncedNotGranted);
        Assert.Contains(status.Notices, notice => notice.StartsWith("table 119: 10.99.0.0/24 is not granted, and so not announced.", StringComparison.Ordinal));
        await far.RoutedAsync(false, "10.99.0.0/24", "10.224.9.0/24", "10.224.10.0/24", "0.0.0.0/0");
        await node.IpBatchAsync(["route del 10.99.0.0/24 table 119", "route del blackhole 10.224.9.0/24 table 119", "route del unreachable 10.224.10.0/24 table 119",
            "route del default table 119", "route del 169.254.7.0/24 table 119", "route del 10.224.11.0/24 table 119"], _ct);
        await far.RoutedAsync(false, "10.224.11.0/24");
    }

    private async Task AThousandAreAFewChangesAsync(LabNode node, LabNode far)
    {
        var blocks = Enumerable.Range(0, Many).Select(i => $"10.224.{16 + (i / 64)}.{i % 64 * 4}/30").ToArray();
        var (frr, before) = (FrrOf(node), await GenerationAsync(node));
        await node.IpBatchAsync(blocks.Select(Add), _ct);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Many} blocks were there after {(await far.RoutedAsync(true, blocks)).TotalMilliseconds:0} ms");
        var taken = await GenerationAsync(node) - before;
        Assert.True(taken is > 0 and <= 12, $"{taken} changes of the plan");
        await node.IpBatchAsync(blocks.Select(block => $"route del {block} table 119"), _ct);
        TestContext.Current.TestOutputHelper?.WriteLine($"and gone after {(await far.RoutedAsync(false, blocks)).TotalMilliseconds:0} ms");
        await far.RoutedAsync(true, "10.224.0.4/30");
        Assert.Equal(frr, FrrOf(node)); // no daemon was started anew
    }

    private async Task TheAgentThatIsBackFindsWhatHappenedAsync(LabNode node, LabNode far)
    {
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        using var dead = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var killing = node.KeepDeadAsync("agent", dead.Token);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
        await node.IpBatchAsync(["route del 10.224.0.0/30 table 119", Add("10.224.0.8/30")], _ct);
        await dead.CancelAsync();
        await killing;
        await far.RoutedAsync(true, "10.224.0.4/30", "10.224.0.8/30");
        await far.RoutedAsync(false, "10.224.0.0/30");
        monitor.Dispose();
        var kept = IPNetwork.Parse("10.224.0.4/30");
        await foreach (var change in monitor.ReadAllAsync(_ct))
            Assert.False(change is RouteChangeEvent { Deleted: true } route && route.Route.Destination == kept, $"{kept} went away meanwhile");
    }

    private async Task ReservedTablesAreRefusedAsync(LabNode node, LabNode far)
    {
        foreach (var (table, why) in new[] { ("254", "(main)"), ("7401", "Meshover's own"), ("coil", "is not the number of a routing table") })
        {
            var refused = await node.UpAsync(input: null, ["--announce-tables", table], _ct);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        }
        await node.SaysAsync(Source, "3 prefixes", _ct);
        await far.RoutedAsync(true, "10.224.0.4/30");
    }

    private static string Add(string block) => $"route add {block} dev lo proto 30 table 119";

    private static int[] FrrOf(LabNode node) => [.. MachineProcesses.Of(node.Machine).Where(process => NodeDaemons.Frr.Contains(process.Name)).Select(process => process.Id).Order()];

    private async Task<long> GenerationAsync(LabNode node)
    {
        using var status = JsonDocument.Parse((await node.MeshoverAsync(["status", "--json"], _ct)).Output);
        return status.RootElement.GetProperty("generation").GetInt64();
    }
}
