using System.Globalization;
using System.Net;
using Meshover.Bench.Mesh;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;
using Meshover.Routing.Supervision;

namespace Meshover.Bench.Routes;

/// <summary>
/// How soon what happens in a mesh of 3, 10 and 30 nodes stands in the kernel of the last one, while n2 announces a thousand prefixes: another prefix there (announce, withdraw), the cable between these
/// two that is cut (cut: until no route goes by it) and mended (heal), n1 that leaves and joins (leave, join: from the start of the command). What FRR of n2 takes to apply a change of its configuration
/// with all that in it (reload), and what each node takes then (cpu, rss). All nodes share this machine.
/// </summary>
internal sealed class RoutingBench(BenchOptions options, TextWriter progress)
{
    private const int Many = 1000;
    private static readonly int[] Sizes = [3, 10, 30];
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan Taken = TimeSpan.FromSeconds(30), Settling = TimeSpan.FromSeconds(5), Poll = TimeSpan.FromMilliseconds(5);

    private readonly List<Measurement> _results = [];
    private string _subject = "";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        int[] sizes = [.. options.Subjects.Count == 0 ? Sizes : Sizes.Where(size => options.Subjects.Contains(SubjectOf(size)))];
        if (sizes.Length == 0)
            throw new InvalidOperationException($"There is no subject \"{string.Join(',', options.Subjects)}\"; there are {string.Join(", ", Sizes.Select(SubjectOf))}.");
        foreach (var size in sizes)
            await MeasureAsync(size, ct);
        return _results;
    }

    private static string SubjectOf(int nodes) => string.Create(CultureInfo.InvariantCulture, $"nodes{nodes}");

    private async Task MeasureAsync(int size, CancellationToken ct)
    {
        _subject = SubjectOf(size);
        await progress.WriteLineAsync($"{_subject}: bringing {size} nodes up");
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = "moroutes", Nodes = size }, Time, new Silent(), ct);
        var patience = TimeSpan.FromSeconds(60 + (4 * size));
        await mesh.DirectAsync(patience, ct);
        using var table = await BlockTable.OpenAsync(mesh, mesh.Node(2), ct);
        using var last = new RouteWatch(mesh.Nodes[^1]);
        List<IPNetwork> blocks = [.. Enumerable.Range(0, Many).Select(BlockTable.Block)];
        blocks.ForEach(table.Add);
        await last.AllSeenAsync(blocks, isThere: true, patience, ct);
        await Task.Delay(Settling, Time, ct);
        await AddCostAsync(mesh, ct);
        for (var round = 0; round < options.Rounds; round++)
        {
            await ChangeAsync(table, last, BlockTable.Block(Many + round), patience, ct);
            await ReloadAsync(mesh.Node(2), round, ct);
            await CutAsync(mesh, last.Node, patience, ct);
            await LeaveAsync(mesh, last, patience, ct);
        }
    }

    private async Task ChangeAsync(BlockTable table, RouteWatch last, IPNetwork block, TimeSpan patience, CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        table.Add(block);
        await AddAsync("announce", start, await last.SeenAsync(block, isThere: true, patience, ct));
        await Task.Delay(Settling, Time, ct);
        start = Time.GetTimestamp();
        table.Remove(block);
        await AddAsync("withdraw", start, await last.SeenAsync(block, isThere: false, patience, ct));
        await Task.Delay(Settling, Time, ct);
    }

    /// <summary>One route-map more, which nothing uses; the agent takes it back, as anything that it did not ask for.</summary>
    private async Task ReloadAsync(LabNode node, int round, CancellationToken ct)
    {
        var routing = new RoutingClient(node.Machine.Disk("/run/meshover/routing.sock"), Time);
        var running = await routing.GetRunningAsync(ct) ?? throw new InvalidOperationException($"FRR of {node.Machine.Name} runs nothing");
        var start = Time.GetTimestamp();
        var map = $"route-map BENCH-{round} permit 10";
        var applied = await routing.ApplyAsync(running with { Bgpd = $"{running.Bgpd}{map}\nexit\n" }, ct);
        if (applied is not { Commands: > 0, Restarted: false }) throw new InvalidOperationException($"FRR of {node.Machine.Name} took no difference: {applied}");
        await AddAsync("reload", start);
        await Until.NothingIsMissingAsync("the agent has taken it back", Taken, async () => (await routing.GetRunningAsync(ct))?.Bgpd.Contains(map, StringComparison.Ordinal) == false ? null : "it has not", ct);
        await Task.Delay(Settling, Time, ct);
    }

    private async Task CutAsync(LabMesh mesh, LabNode last, TimeSpan patience, CancellationToken ct)
    {
        using var netlink = RouteNetlink.OpenIn(last.Machine.NetworkPath);
        var link = netlink.GetLink((await last.StatusAsync(ct)).Peers.Single(peer => peer.Hostname == mesh.Node(2).Machine.Name).Link).Index;
        IPAddress[] targets = [AddressPlan.Workload4(2), .. ((int[])[0, Many / 2, Many - 1]).Select(number => BlockTable.Block(number).BaseAddress)];
        long start;
        await using (await Cut.BetweenAsync(mesh, mesh.Node(2), last, onlyIPv6: false, ct))
        {
            start = Time.GetTimestamp();
            await WaitAsync("n2 is reached by another", () => targets.All(target => LinksTo(netlink, target) is { Count: > 0 } links && !links.Contains(link)), patience, ct);
            await AddAsync("cut", start);
            await Task.Delay(Settling, Time, ct);
        }
        start = Time.GetTimestamp();
        await WaitAsync("n2 is reached by its own link", () => targets.All(target => LinksTo(netlink, target) is [var only] && only == link), patience, ct);
        await AddAsync("heal", start);
        await mesh.DirectAsync(patience, ct);
        await Task.Delay(Settling, Time, ct);
    }

    private static List<int> LinksTo(RouteNetlink netlink, IPAddress target) =>
        netlink.FindRoute(new RouteQuery(target)) is { Kind: RouteKind.Unicast } route ? [.. route.NextHops.IsDefaultOrEmpty ? [route.OutputLink] : route.NextHops.Select(hop => hop.OutputLink)] : [];

    private async Task LeaveAsync(LabMesh mesh, RouteWatch last, TimeSpan patience, CancellationToken ct)
    {
        var (node, prefix) = (mesh.Node(1), IPNetwork.Parse(AddressPlan.Announced(1)[0]));
        var start = Time.GetTimestamp();
        var leaving = node.MeshoverAsync(["leave"], ct);
        await WithAsync(Task.Run(async () => (await leaving).Checked(), ct), async () => await AddAsync("leave", start, await last.SeenAsync(prefix, isThere: false, patience, ct)));
        var token = await mesh.Controller.CreateTokenAsync(node.Number, ct);
        await Task.Delay(Settling, Time, ct);
        start = Time.GetTimestamp();
        var joining = node.JoinAsync(token, ct);
        await WithAsync(joining, async () => await AddAsync("join", start, await last.SeenAsync(prefix, isThere: true, patience, ct)));
        await mesh.DirectAsync(patience, ct);
        await Task.Delay(Settling, Time, ct);
    }

    /// <summary>Where the command fails, that is what is told, whatever came of it.</summary>
    private static async Task WithAsync(Task command, Func<Task> look)
    {
        try
        {
            await look();
        }
        finally
        {
            await command;
        }
    }

    /// <summary>Of each node, while nothing happens; of processes that come and go the time until now.</summary>
    private async Task AddCostAsync(LabMesh mesh, CancellationToken ct)
    {
        var before = mesh.Nodes.Select(NodeDaemon.Of).ToList();
        var start = Time.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), Time, ct);
        var took = Time.GetElapsedTime(start).TotalSeconds;
        foreach (var (then, node) in before.Zip(mesh.Nodes))
        {
            var (now, former) = (NodeDaemon.Of(node), then.ToDictionary(daemon => daemon.Id, daemon => daemon.CpuSeconds));
            var seconds = now.Sum(daemon => daemon.CpuSeconds - former.GetValueOrDefault(daemon.Id));
            await AddAsync("cpu", "percent of a core", 100 * seconds / took);
            await AddAsync("rss", "MB", now.Sum(daemon => daemon.Megabytes));
        }
    }

    private static Task<TimeSpan> WaitAsync(string what, Func<bool> isSo, TimeSpan patience, CancellationToken ct) =>
        Until.NothingIsMissingAsync(what, patience, () => Task.FromResult(isSo() ? null : "it is not so"), ct, Poll);

    private Task AddAsync(string name, long start, long? end = null) => AddAsync(name, "ms", Time.GetElapsedTime(start, end ?? Time.GetTimestamp()).TotalMilliseconds);

    private async Task AddAsync(string name, string unit, double value)
    {
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{_subject}: {name}: {value:0.#} {unit}"));
        _results.Add(new Measurement(_subject, name, unit, value));
    }
}
