using System.Text.Json;
using Meshover.Lab.Machines;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.Lab.Meshes;

/// <summary>
/// A whole mesh on this machine: underlay, controller, nodes, a workload behind each. Made step by step or all at once by
/// <see cref="StartAsync"/>; disposing it leaves nothing behind.
/// </summary>
public sealed class LabMesh : IAsyncDisposable
{
    private static readonly TimeSpan ReachPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ReachPatiencePerNode = TimeSpan.FromSeconds(10);

    // BFD packets a second of all nodes together, which stand on one machine and share its processors. With more, a machine of two cores
    // that is busy for a second misses them, and the sessions that fall keep it busy.
    private const int BfdPacketsOfAll = 300;
    private const int MostMeasured = 20;

    private static readonly int JoinsAtOnce = 2 * Environment.ProcessorCount;

    private readonly MachineRoom _room;
    private readonly TimeProvider _time;

    private LabMesh(LabOptions options, MachineRoom room, IReadOnlyDictionary<string, Machine> machines, TimeProvider time)
    {
        (Options, _room, Machines, _time) = (options, room, machines, time);
        Controller = new LabController(machines[UnderlayPlanner.ControllerName], time);
        Nodes = [.. Enumerable.Range(1, options.Nodes).Select(number =>
            new LabNode(number, machines[AddressPlan.NodeName(number)], machines[AddressPlan.WorkloadName(number)])
            {
                Settings = [.. Settings(options.Nodes), .. Site(options, number)],
            })];
    }

    /// <summary>A large lab slows BFD down. In a very large one what its machine's own delays say of links counts for nothing, too: each change of a cost is work, which makes more of them.</summary>
    private static string[] Settings(int nodes) =>
    [
        .. nodes * nodes * 1000 / 300 > BfdPacketsOfAll ? (string[])["--bfd-rate", $"{Math.Max(10, BfdPacketsOfAll / nodes)}"] : [],
        .. nodes > MostMeasured ? (string[])["--measured-cost", "false", "--bfd-profile", "wan"] : [],
    ];

    private static string[] Site(LabOptions options, int number) => options.Sites.Count == 0 ? [] : ["--site", options.Sites[(number - 1) % options.Sites.Count]];

    public LabOptions Options { get; }
    public IReadOnlyDictionary<string, Machine> Machines { get; }
    public LabController Controller { get; }
    public IReadOnlyList<LabNode> Nodes { get; }

    /// <summary>The machine of a node, by its number from 1 on.</summary>
    public LabNode Node(int number) => Nodes[number - 1];

    /// <summary>The machines and what joins them; nothing of Meshover runs yet.</summary>
    /// <exception cref="LabException">A lab of this prefix runs already, or this is not root.</exception>
    public static async Task<LabMesh> BuildAsync(LabOptions options, TimeProvider time, CancellationToken ct)
    {
        if (!Environment.IsPrivilegedProcess) throw new LabException("network namespaces need root: run this as root or with sudo");
        var room = new MachineRoom(options.Paths) { Systems = options.Systems };
        room.Open(options.Nodes);
        try
        {
            await File.WriteAllTextAsync(options.Paths.Description, JsonSerializer.Serialize(options, LabJson.Default.LabOptions), ct);
            return new LabMesh(options, room, await new UnderlayBuilder(room).BuildAsync(UnderlayPlanner.Plan(options.Underlay, options.Nodes), ct), time);
        }
        catch
        {
            await room.CloseAsync();
            throw;
        }
    }

    /// <summary>Everything, until every pair is reachable.</summary>
    /// <param name="keepOnFailure">Leaves what there is for a look at it.</param>
    public static async Task<LabMesh> StartAsync(LabOptions options, TimeProvider time, ILabProgress progress, CancellationToken ct, bool keepOnFailure = false)
    {
        progress.Step($"underlay {options.Underlay.ToString().ToLowerInvariant()}: {options.Nodes} nodes, a workload behind each, a controller");
        var mesh = await BuildAsync(options, time, ct);
        try
        {
            await mesh.StartControllerAsync(progress, ct);
            await mesh.JoinAllAsync(progress, ct);
            await mesh.WaitUntilReachableAsync(progress, ct);
            return mesh;
        }
        catch when (!keepOnFailure || ct.IsCancellationRequested)
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    public async Task StartControllerAsync(ILabProgress progress, CancellationToken ct)
    {
        await Controller.InitAsync(ct);
        Controller.Serve();
        await Controller.WaitAsync(ct);
        progress.Step("the controller is up");
    }

    /// <summary>A few at a time: a node's start takes a processor for a second, and all of them have one machine's.</summary>
    public Task JoinAllAsync(ILabProgress progress, CancellationToken ct) =>
        Parallel.ForEachAsync(Nodes, new ParallelOptions { MaxDegreeOfParallelism = JoinsAtOnce, CancellationToken = ct }, async (node, cancelled) =>
        {
            await node.JoinAsync(await Controller.CreateTokenAsync(node.Number, cancelled), cancelled);
            progress.Step($"{node.Machine.Name} joined");
        });

    /// <exception cref="LabException">A pair is not reachable in time; names the pairs, and says what some nodes see.</exception>
    public async Task WaitUntilReachableAsync(ILabProgress progress, CancellationToken ct)
    {
        using var checker = await CheckerAsync(ct);
        var pairs = checker.PairCount;
        var patience = ReachPatience + (Nodes.Count * ReachPatiencePerNode);
        var missing = await checker.WaitAsync(patience, reached => progress.Step($"{reached} of {pairs} pairs reachable"), ct);
        if (missing.Count == 0) return;
        var seen = await Task.WhenAll(Nodes.Take(3).Select(node => node.DescribeAsync(ct)));
        throw new LabException($"""
            {missing.Count} of {pairs} pairs are not reachable after {patience.TotalSeconds:0} s: {string.Join(", ", missing.Take(8))}
            {string.Join('\n', seen)}
            """);
    }

    /// <summary>Checks nodes with nodes and workloads with workloads.</summary>
    public async Task<ReachChecker> CheckerAsync(CancellationToken ct)
    {
        var nodes = await Task.WhenAll(Nodes.Select(node => node.NodePointAsync(ct)));
        return new ReachChecker([nodes, [.. Nodes.Select(node => node.WorkloadPoint)]], _time);
    }

    public async ValueTask DisposeAsync() => await _room.CloseAsync();

    /// <summary>Removes whatever is left of a lab, in whatever state it is.</summary>
    public static Task RemoveAsync(LabPaths paths) => new MachineRoom(paths).CloseAsync();
}
