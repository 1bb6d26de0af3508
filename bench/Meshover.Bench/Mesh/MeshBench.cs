using System.Globalization;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.Bench.Mesh;

/// <summary>
/// The whole mesh: how soon it is up (up3, up10), how soon a node is in it (join), how quick the controller enrols (enrol), how many
/// paths a node holds (paths10, paths30), and what a node's processes take (rss). All nodes share this machine's processors.
/// </summary>
internal sealed class MeshBench(int rounds, TextWriter progress)
{
    private const string Subject = "meshover";
    private const int Enrolments = 1000;
    private const int EnrolmentsAtOnce = 64;
    private static readonly TimeProvider Time = TimeProvider.System;
    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        for (var round = 1; round <= rounds; round++)
        {
            await using var three = await UpAsync(3, "up3", ct);
            if (round == rounds) AddMemory(three);
        }
        await JoinAsync(ct);
        await EnrolAsync(ct);
        await using (var ten = await UpAsync(10, "up10", ct)) await AddPathsAsync(ten, "paths10", ct);
        await using (var thirty = await UpAsync(30, "up30", ct)) await AddPathsAsync(thirty, "paths30", ct);
        return _results;
    }

    // From nothing until every pair of nodes and of workloads has answered, over IPv4 and IPv6.
    private async Task<LabMesh> UpAsync(int nodes, string name, CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        var mesh = await LabMesh.StartAsync(Options(nodes), Time, new Silent(), ct);
        await AddAsync(name, "s", Time.GetElapsedTime(start).TotalSeconds);
        return mesh;
    }

    // From the start of `meshover up` to the first answer that the new node's workload gets from another's.
    private async Task JoinAsync(CancellationToken ct)
    {
        await using var mesh = await LabMesh.BuildAsync(Options(3 + rounds), Time, ct);
        await mesh.StartControllerAsync(new Silent(), ct);
        foreach (var node in mesh.Nodes)
        {
            var token = await mesh.Controller.CreateTokenAsync(node.Number, ct);
            var start = Time.GetTimestamp();
            await node.JoinAsync(token, ct);
            if (node.Number == 1) continue;
            await FirstAnswerAsync(node, ct);
            if (node.Number > 3) await AddAsync("join", "s", Time.GetElapsedTime(start).TotalSeconds);
        }
    }

    private static async Task FirstAnswerAsync(LabNode node, CancellationToken ct)
    {
        using var socket = EchoSocket.Open(node.Workload, System.Net.Sockets.AddressFamily.InterNetwork, Time);
        while (await socket.EchoAsync(AddressPlan.Workload4(1), TimeSpan.FromMilliseconds(100), ct) is null)
            await Task.Delay(TimeSpan.FromMilliseconds(20), Time, ct);
    }

    private async Task EnrolAsync(CancellationToken ct)
    {
        for (var round = 1; round <= rounds; round++)
        {
            await using var mesh = await LabMesh.BuildAsync(Options(1), Time, ct);
            await mesh.StartControllerAsync(new Silent(), ct);
            var client = new EnrolmentClient(mesh.Controller.Machine, await mesh.Controller.CreateTokenAsync([], "unlimited", ct));
            var start = Time.GetTimestamp();
            await Parallel.ForAsync(0, Enrolments, new ParallelOptions { MaxDegreeOfParallelism = EnrolmentsAtOnce, CancellationToken = ct },
                async (number, cancel) => await client.EnrolAsync($"bench-{number}", cancel));
            await AddAsync("enrol", "1/s", Enrolments / Time.GetElapsedTime(start).TotalSeconds);
        }
    }

    // Paths in bgpd's tables, both families, of every node.
    private async Task AddPathsAsync(LabMesh mesh, string name, CancellationToken ct)
    {
        foreach (var node in mesh.Nodes)
        {
            var paths = 0;
            foreach (var family in (string[])["ipv4", "ipv6"])
            {
                using var table = JsonDocument.Parse((await node.MeshoverAsync(["vtysh", "-c", $"show bgp {family} unicast json"], ct)).Checked());
                paths += table.RootElement.GetProperty("routes").EnumerateObject().Sum(route => route.Value.GetArrayLength());
            }
            await AddAsync(name, "paths", paths);
        }
    }

    private void AddMemory(LabMesh mesh)
    {
        foreach (var node in mesh.Nodes)
            foreach (var (id, name) in MachineProcesses.Of(node.Machine))
                _results.Add(new Measurement(DaemonName.Of(id, name), "rss", "MB", ProcessMemory.ResidentMegabytes(id)));
    }

    private async Task AddAsync(string name, string unit, double value)
    {
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.00} {unit}"));
        _results.Add(new Measurement(Subject, name, unit, value));
    }

    private static LabOptions Options(int nodes) => new() { Prefix = "mobench", Nodes = nodes };
}
