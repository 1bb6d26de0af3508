using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Meshover.Bench.Mesh;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.Bench.Paths;

/// <summary>
/// A mesh whose traffic is watched, and what all cases do with it. The workload behind n1 sends; n2 and n3 are those that end, or are left; all others are there,
/// and their routes with them.
/// </summary>
internal sealed class PathsMesh : IAsyncDisposable
{
    private const int Actors = 3, MostQuick = 10;
    private static readonly TimeProvider Time = TimeProvider.System;

    // A gap is told to this; with 30 nodes on this machine more echoes would be a load of their own.
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(5);

    // What came up last has settled, and one that was away has heard what others announce.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    // The agent starts anew with another profile, and FRR's timers are agreed upon anew.
    private static readonly TimeSpan ProfileSettling = TimeSpan.FromSeconds(10);

    // Before the fault, so that all that is used in it has been compiled, and after the first answer: what fails once more is seen, too.
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(1), Tail = TimeSpan.FromSeconds(1);

    // The fault comes at any time between two packets of BFD, keepalives and what else is sent by a clock.
    private const int MostPhase = 1000;

    private readonly TextWriter _progress;
    private readonly List<Measurement> _results;
    private readonly Dictionary<string, LabNode> _links = [];

    private PathsMesh(LabMesh mesh, List<Measurement> results, TextWriter progress)
    {
        (Lab, _results, _progress) = (mesh, results, progress);
        Patience = TimeSpan.FromSeconds(60 + (2 * mesh.Nodes.Count));
    }

    public LabMesh Lab { get; }

    /// <summary>How long anything may take to come; what takes longer ends its case.</summary>
    public TimeSpan Patience { get; }

    public Machine Sender => Lab.Node(1).Workload;

    public string Subject => SubjectOf(Lab.Nodes.Count);

    public static string SubjectOf(int nodes) => string.Create(CultureInfo.InvariantCulture, $"nodes{nodes}");

    /// <summary>Until every node sees every other directly.</summary>
    /// <param name="results">Where its figures go.</param>
    public static async Task<PathsMesh> StartAsync(int nodes, List<Measurement> results, TextWriter progress, CancellationToken ct)
    {
        await progress.WriteLineAsync($"{SubjectOf(nodes)}: bringing {nodes} nodes up");
        var mesh = new PathsMesh(await LabMesh.StartAsync(new LabOptions { Prefix = "mopaths", Nodes = nodes }, Time, new Silent(), ct), results, progress);
        try
        {
            await mesh.Lab.DirectAsync(mesh.Patience, ct);
            foreach (var node in await mesh.QuickAsync(ct))
                await mesh.SetAsync(node, ["--bfd-rate", ""], ct);
            await mesh.Lab.DirectAsync(mesh.Patience, ct);
            await mesh.LearnLinksAsync(ct);
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Which nodes send BFD as on a machine of their own, where a large lab slows it down, as one machine does the work of all: those that are measured, and those that pass on
    /// what these tell, and would go on telling of a dead one. All, while they are few.
    /// </summary>
    private async Task<IReadOnlyList<LabNode>> QuickAsync(CancellationToken ct)
    {
        if (Lab.Nodes.Count <= MostQuick)
            return Lab.Nodes;
        var transits = (await Lab.Node(1).StatusAsync(ct)).Peers.Where(peer => peer.Transit == true).Select(peer => peer.Hostname).ToHashSet();
        return [.. Lab.Nodes.Where(node => node.Number <= Actors || transits.Contains(node.Machine.Name))];
    }

    /// <summary>Settings of a node, as flags of <c>meshover up</c>, which writes them into its agent.yaml.</summary>
    public async Task SetAsync(LabNode node, IEnumerable<string> flags, CancellationToken ct) =>
        (await node.UpAsync(input: null, ["--no-wait", .. flags], ct)).Checked();

    /// <summary>Measures with the setting <c>bfd-profile</c> of all nodes, as in one place: a transit node that is slower to see a death would go on telling of the dead. They choose by themselves again afterwards.</summary>
    public async Task WithProfileAsync(string profile, Func<Task> measure, CancellationToken ct)
    {
        try
        {
            await SetProfileAsync(profile, ct);
            await measure();
        }
        finally
        {
            await SetProfileAsync("", CancellationToken.None);
        }
    }

    private async Task SetProfileAsync(string profile, CancellationToken ct)
    {
        foreach (var node in Lab.Nodes)
            await SetAsync(node, ["--bfd-profile", profile], ct);
        await Task.Delay(ProfileSettling, Time, ct);
    }

    /// <summary>What a steady stream of echoes from the sender sees of something that is done, until it is answered again.</summary>
    /// <param name="interval">Between two of its packets.</param>
    public async Task<PingReport> DuringAsync(IPAddress to, TimeSpan interval, Func<Task> act, CancellationToken ct)
    {
        await using var ping = SteadyPing.Start(Sender, to, interval, Time);
        await Task.Delay(Lead + TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(MostPhase)), Time, ct);
        await act();
        await Sender.AnsweredAsync(to, Patience, ct);
        await Task.Delay(Tail, Time, ct);
        return await ping.StopAsync();
    }

    /// <summary>For how many ms a stream of 200 echoes a second is not answered after a fault; what was cut is mended then.</summary>
    /// <param name="fault">Gives what was cut, if anything was.</param>
    /// <param name="look">What else is to be seen before that.</param>
    /// <exception cref="InvalidOperationException">Nothing was lost: what broke is not on the way.</exception>
    public async Task<double> GapAsync(IPAddress to, Func<Task<Cut?>> fault, Func<Task> look, CancellationToken ct)
    {
        Cut? cut = null;
        try
        {
            var report = await DuringAsync(to, Often, async () => cut = await fault(), ct);
            if (report.Lost.IsEmpty) throw new InvalidOperationException($"nothing was lost: {report}");
            await look();
            return report.LongestGap.TotalMilliseconds;
        }
        finally
        {
            if (cut is not null) await cut.DisposeAsync();
        }
    }

    /// <summary>The same, with a node cut off from everything.</summary>
    public Task<double> GapWithoutAsync(LabNode node, IPAddress to, CancellationToken ct) => GapAsync(to, async () => await Cut.OffAsync(Lab, node, ct), () => Task.CompletedTask, ct);

    public Task SettleAsync(CancellationToken ct) => Task.Delay(Settling, Time, ct);

    /// <summary>To which node n1 hands what its workload sends there, as the kernel says: of several equal ways the one of these addresses. Null: to none.</summary>
    public async Task<LabNode?> NextAsync(IPAddress to, CancellationToken ct)
    {
        // `ip`, as a route that we ask for ourselves comes with all its next hops, and does not say which is taken.
        var said = await Lab.Node(1).Machine.RunAsync("ip", ["-j", "route", "get", $"{to}", "from", $"{AddressPlan.Workload4(1)}", "iif", UnderlayPlanner.WorkloadInterface], ct);
        if (said.ExitCode != 0) return null;
        using var routes = JsonDocument.Parse(said.Output);
        return routes.RootElement[0].TryGetProperty("dev", out var link) ? _links.GetValueOrDefault(link.GetString()!) : null;
    }

    /// <summary>Waits until the link of n1 and another node is well at both ends, and takes what goes there.</summary>
    public async Task WellAsync(LabNode other, CancellationToken ct)
    {
        await Until.NothingIsMissingAsync($"n1 hands packets to {other.Machine.Name} itself", Patience, async () =>
            await NextAsync(AddressPlan.Workload4(other.Number), ct) is var next && next == other ? null : $"it does to {next?.Machine.Name ?? "nobody"}", ct);
        await MeshWaits.LinkedAsync(Lab.Node(1), other, Patience, ct);
    }

    /// <summary>One figure of one round, told at once.</summary>
    public Task AddAsync(string name, string unit, double value)
    {
        _results.Add(new Measurement(Subject, name, unit, value));
        return SayAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.##} {unit}"));
    }

    public Task SayAsync(string text) => _progress.WriteLineAsync($"{Subject}: {text}");

    public ValueTask DisposeAsync() => Lab.DisposeAsync();

    private async Task LearnLinksAsync(CancellationToken ct)
    {
        foreach (var peer in (await Lab.Node(1).StatusAsync(ct)).Peers)
            _links[peer.Link] = Lab.Nodes.Single(node => node.Machine.Name == peer.Hostname);
    }
}
