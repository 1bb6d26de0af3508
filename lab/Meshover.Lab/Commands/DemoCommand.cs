using System.Diagnostics;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.Linux.Nftables;
using Meshover.Linux.Processes;

namespace Meshover.Lab.Commands;

/// <summary>
/// <c>meshover-lab demo</c>: a mesh of twelve nodes in four sites with traffic between their workloads, and a fault now and then, so that the console has something to
/// show for as long as it runs.
/// </summary>
internal sealed class DemoCommand(string prefix, TimeProvider time)
{
    private const int Nodes = 12;
    private static readonly string[] Sites = ["attic", "cloud", "harbour", "office"];

    /// <summary>Of each fault, and of the quiet after it.</summary>
    private static readonly TimeSpan FaultLasts = TimeSpan.FromSeconds(60), QuietLasts = TimeSpan.FromSeconds(30);

    /// <summary>Between which workloads packets go: within a site, and from one to another.</summary>
    private static readonly (int From, int To)[] Flows = [(1, 5), (2, 7), (3, 8), (4, 9), (10, 2), (6, 11), (12, 8), (8, 1)];

    private readonly ConsoleProgress _progress = new(time);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var options = new LabOptions { Prefix = prefix, Nodes = Nodes, Sites = Sites };
        await using var mesh = await LabMesh.StartAsync(options, time, _progress, ct);
        using var door = ConsoleDoor.Open(mesh.Controller.Machine);
        using var traffic = await Traffic.StartAsync(mesh, time, ct);
        _progress.Step($"the web console, by a link that signs in once: {await door.LinkAsync(ct)}");
        _progress.Step($"up: {Nodes} nodes in {Sites.Length} sites. What is broken is told here; `./dev console` in another terminal makes another link. Ctrl-C ends it.");
        await UntilOneEndsAsync([end => door.ServeAsync(end), end => BreakAsync(mesh, end)], ct);
        return 0;
    }

    /// <summary>Both have ended before the mesh does: a cable that is being mended is in it.</summary>
    private static async Task UntilOneEndsAsync(Func<CancellationToken, Task>[] parts, CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = parts.Select(part => part(end.Token)).ToList();
        var first = await Task.WhenAny(running);
        await end.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>One fault after the other, without end.</summary>
    private async Task BreakAsync(LabMesh mesh, CancellationToken ct)
    {
        (string What, Func<Task> Do)[] faults =
        [
            ("the cable between n2 and n7 is cut", () => CutAsync(() => Cut.BetweenAsync(mesh, mesh.Node(2), mesh.Node(7), onlyIPv6: false, ct), ct)),
            ("n11 is drained", () => DrainAsync(mesh.Node(11), ct)),
            ("what n4 sends to n9 is lost, and what n9 sends arrives", () => CutAsync(() => Cut.OneWayAsync(mesh, mesh.Node(4), mesh.Node(9), ct), ct)),
            ("FRR's bgpd on n5 is killed; it starts again by itself", () => KillAsync(() => mesh.Node(5).KillFrr("bgpd"), ct)),
            ("the agent of n8 is killed; it starts again by itself", () => KillAsync(() => mesh.Node(8).Kill("agent"), ct)),
        ];
        while (true)
        {
            foreach (var (what, act) in faults)
            {
                await Task.Delay(QuietLasts, time, ct);
                _progress.Step(what);
                await TryAsync(act);
            }
        }
    }

    /// <summary>It is there to be looked at for hours: a machine that is too busy for one fault has the next.</summary>
    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            _progress.Step("… and that is over");
        }
        catch (Exception e) when (e is LabException or NftException or ProcessException or IOException)
        {
            _progress.Step($"… which did not go as it should: {e.Message}");
        }
    }

    private async Task CutAsync(Func<Task<Cut>> cut, CancellationToken ct)
    {
        await using (await cut())
            await Task.Delay(FaultLasts, time, ct);
    }

    private async Task DrainAsync(LabNode node, CancellationToken ct)
    {
        try
        {
            (await node.MeshoverAsync(["drain"], ct)).Checked();
            await Task.Delay(FaultLasts, time, ct);
        }
        finally
        {
            (await node.MeshoverAsync(["undrain"], CancellationToken.None)).Checked();
        }
    }

    private Task KillAsync(Action kill, CancellationToken ct)
    {
        kill();
        return Task.Delay(QuietLasts, time, ct);
    }

    /// <summary>Pings of many sizes and paces: little for the machine, and enough for a curve.</summary>
    private sealed class Traffic : IDisposable
    {
        private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
        private readonly List<Process> _flows = [];

        /// <exception cref="LabException">They end at once.</exception>
        public static async Task<Traffic> StartAsync(LabMesh mesh, TimeProvider time, CancellationToken ct)
        {
            var traffic = new Traffic();
            try
            {
                traffic.Start(mesh);
                await Task.Delay(Moment, time, ct);
                return traffic._flows.TrueForAll(flow => !flow.HasExited) ? traffic : throw new LabException("ping does not run (its words are above): apt-get install iputils-ping");
            }
            catch
            {
                traffic.Dispose();
                throw;
            }
        }

        // What they say goes nowhere: a pipe that nobody reads would hold them up in the end.
        private void Start(LabMesh mesh)
        {
            foreach (var ((from, to), i) in Flows.Select((flow, i) => (flow, i)))
            {
                string[] ping = ["ping", "-q", "-i", i % 2 == 0 ? "0.05" : "0.2", "-s", $"{200 + (i * 140)}", $"{AddressPlan.Workload4(to)}"];
                _flows.Add(Process.Start(mesh.Node(from).Workload.Command("sh", ["-c", "exec \"$@\" >/dev/null", "sh", .. ping]))!);
            }
        }

        public void Dispose()
        {
            foreach (var flow in _flows)
            {
                flow.Kill(entireProcessTree: true);
                flow.Dispose();
            }
        }
    }
}
