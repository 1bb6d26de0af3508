using System.Net;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>Steady pings between all workloads, 20 a second each over IPv4 and IPv6, while something is done to the mesh.</summary>
internal static class PingWindow
{
    /// <summary>As long as losses are counted.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(40);

    // Packets that wait in a queue until something is back are an outage as well; the machine's own hiccups are shorter.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);

    /// <param name="faults">Started when the pings run; what is left of the window after it is waited for.</param>
    public static async Task<IReadOnlyList<PingReport>> DuringAsync(LabMesh mesh, TimeSpan length, Func<Task> faults, CancellationToken ct)
    {
        var pings = mesh.Nodes.SelectMany(from => Targets(mesh, from).Select(target => SteadyPing.Start(from.Workload, target, TimeProvider.System))).ToArray();
        try
        {
            var window = Task.Delay(length, TimeProvider.System, ct);
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
            await faults();
            await window;
            return await Task.WhenAll(pings.Select(ping => ping.StopAsync()));
        }
        finally
        {
            foreach (var ping in pings) await ping.DisposeAsync();
        }
    }

    /// <summary>
    /// Fails where a ping lost more than that many, where one sent so few that it says nothing, and, where none may be lost, where an answer
    /// came late.
    /// </summary>
    public static void AssertLostAtMost(int most, TimeSpan length, IReadOnlyList<PingReport> reports)
    {
        Assert.All(reports, report => Assert.True(report.Sent > length / SteadyPing.Interval * 0.8, $"too few pings to count: {report}"));
        var bad = reports.Where(report => report.Lost.Length > most || (most == 0 && report.LongestRoundTrip > LongestDelay)).ToArray();
        Assert.True(bad.Length == 0, $"more than {most} lost, or late:\n{string.Join('\n', bad.AsEnumerable())}");
    }

    private static IEnumerable<IPAddress> Targets(LabMesh mesh, LabNode from) =>
        mesh.Nodes.Where(to => to != from).SelectMany(to => (IPAddress[])[AddressPlan.Workload4(to.Number), AddressPlan.Workload6(to.Number)]);
}
