using Meshover.Lab;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.Bench.Paths;

/// <summary>
/// What traffic notices of what happens in meshes of 3, 10 and 30 nodes: a cut cable, an active node or an owner of a gathering that dies, a drain; and what gathering costs.
/// All nodes share this machine. A cut cable and throughput are measured in every round, the others in half as many, as they take longer. A case that cannot be brought to its end is
/// told, and counted (failed); what its rounds brought until then is kept.
/// </summary>
internal sealed class PathsBench(BenchOptions options, TextWriter progress)
{
    /// <summary>Counts the cases of a mesh that did not come to their end; there only where one did not.</summary>
    public const string Failures = "failed";

    private const int LeastNodes = 3;
    private static readonly int[] Sizes = [LeastNodes, 10, 30];
    private static readonly string[] Names = ["cut", "floating", "drain", "gather", "throughput"];

    /// <summary>Where links choose it by themselves, one that was just cut has another profile than before.</summary>
    private static readonly string[] Profiles = ["lan", "wan"];

    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        int[] sizes = [.. options.Subjects.Count == 0 ? Sizes : options.Subjects.Select(SizeOf)];
        if (options.Cases.Except(Names).FirstOrDefault() is { } unknown)
            throw new InvalidOperationException($"There is no case \"{unknown}\"; there are {string.Join(", ", Names)}.");
        foreach (var size in sizes)
            await MeasureAsync(size, ct);
        return _results;
    }

    private static int SizeOf(string subject) =>
        Enumerable.Range(LeastNodes, AddressPlan.MostNodes - LeastNodes + 1).FirstOrDefault(size => PathsMesh.SubjectOf(size) == subject) is > 0 and var size
            ? size
            : throw new InvalidOperationException($"There is no subject \"{subject}\"; there are {PathsMesh.SubjectOf(LeastNodes)} to {PathsMesh.SubjectOf(AddressPlan.MostNodes)}.");

    private async Task MeasureAsync(int size, CancellationToken ct)
    {
        await using var mesh = await PathsMesh.StartAsync(size, _results, progress, ct);
        using var gather = new GatherCases(mesh, options.Seconds);
        foreach (var (name, run) in Cases(mesh, gather, ct).Where(one => options.Cases.Count == 0 || options.Cases.Contains(one.Name)))
            await TryAsync(mesh, name, run, ct);
    }

    private List<(string Name, Func<Task> RunAsync)> Cases(PathsMesh mesh, GatherCases gather, CancellationToken ct)
    {
        var (cut, addresses, half) = (new CutCase(mesh), new AddressCases(mesh), (options.Rounds + 1) / 2);
        IReadOnlyList<string> profiles = options.BfdProfiles.Count == 0 ? Profiles : options.BfdProfiles;
        return
        [
            .. profiles.Select(profile => ("cut", (Func<Task>)(() => cut.RunAsync(profile, options.Rounds, ct)))),
            .. profiles.Select(profile => ("floating", (Func<Task>)(() => addresses.FailoverAsync(profile, half, ct)))),
            ("drain", () => addresses.DrainAsync(half, ct)),
            ("gather", () => gather.FailoverAsync(half, ct)),
            ("throughput", () => gather.ThroughputAsync(options.Rounds, ct)),
        ];
    }

    private static async Task TryAsync(PathsMesh mesh, string name, Func<Task> run, CancellationToken ct)
    {
        try
        {
            await run();
        }
        // Whatever it is: it is told and counted, and hours of figures are not lost by it.
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            await mesh.SayAsync($"{name} FAILED: {e.Message}");
            await mesh.AddAsync(Failures, "cases", 1);
        }
    }
}
