using System.Diagnostics;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

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
    private static readonly (int From, int To)[] Flows = [(1, 2), (2, 7), (3, 8), (4, 9), (5, 10), (6, 11), (7, 12), (8, 1)];

    private readonly ConsoleProgress _progress = new(time);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var options = new LabOptions { Prefix = prefix, Nodes = Nodes, Sites = Sites };
        await using var mesh = await LabMesh.StartAsync(options, time, _progress, ct);
        using var door = ConsoleDoor.Open(mesh.Controller.Machine);
        using var traffic = Traffic.Start(mesh);
        _progress.Step($"the web console, by a link that signs in once: {await door.LinkAsync(ct)}");
        _progress.Step($"up: {Nodes} nodes in {Sites.Length} sites. What is broken is told here. Ctrl-C ends it.");
        var parts = new[] { door.ServeAsync(ct), BreakAsync(mesh, ct) };
        await await Task.WhenAny(parts);
        return 0;
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
                await act();
                _progress.Step("… and is well again");
            }
        }
    }

    private async Task CutAsync(Func<Task<Cut>> cut, CancellationToken ct)
    {
        await using (await cut())
            await Task.Delay(FaultLasts, time, ct);
    }

    private async Task DrainAsync(LabNode node, CancellationToken ct)
    {
        (await node.MeshoverAsync(["drain"], ct)).Checked();
        await Task.Delay(FaultLasts, time, ct);
        (await node.MeshoverAsync(["undrain"], ct)).Checked();
    }

    private Task KillAsync(Action kill, CancellationToken ct)
    {
        kill();
        return Task.Delay(QuietLasts, time, ct);
    }

    /// <summary>Pings of many sizes and paces: little for the machine, and enough for a curve.</summary>
    private sealed class Traffic : IDisposable
    {
        private readonly List<Process> _flows = [];

        public static Traffic Start(LabMesh mesh)
        {
            var traffic = new Traffic();
            foreach (var ((from, to), i) in Flows.Select((flow, i) => (flow, i)))
            {
                var start = mesh.Node(from).Workload.Command("ping", "-q", "-i", i % 2 == 0 ? "0.05" : "0.2", "-s", $"{200 + (i * 140)}", $"{AddressPlan.Workload4(to)}");
                start.RedirectStandardOutput = start.RedirectStandardError = true;
                traffic._flows.Add(Process.Start(start) ?? throw new LabException("ping did not start: apt-get install iputils-ping"));
            }
            return traffic;
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
