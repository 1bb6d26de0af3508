using System.Globalization;
using Meshover.Bench.Mesh;
using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.Bench.Idle;

/// <summary>
/// What a mesh costs while nothing happens in it: processor time of each node's daemons, and of the node as a whole, in meshes of several
/// sizes (idle3, idle10, idle24, in percent of one core), and resident memory in the largest (rss). All nodes share this machine.
/// </summary>
/// <param name="seconds">How long each mesh is watched.</param>
internal sealed class IdleBench(int seconds, TextWriter progress)
{
    /// <summary>The sum over a node's daemons.</summary>
    private const string Whole = "node";

    private static readonly int[] Sizes = [3, 10, 24];

    // Sessions have come up, tables are full and nobody dials any more.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45);
    private static readonly TimeProvider Time = TimeProvider.System;
    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        foreach (var size in Sizes)
        {
            await progress.WriteLineAsync($"idle{size}: bringing {size} nodes up, {Settling.TotalSeconds + seconds:0} s to watch them");
            await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = "mobench", Nodes = size }, Time, new Silent(), ct);
            await Task.Delay(Settling, Time, ct);
            await MeasureAsync(mesh, $"idle{size}", ct);
            if (size == Sizes[^1]) AddMemory(mesh);
        }
        return _results;
    }

    private async Task MeasureAsync(LabMesh mesh, string name, CancellationToken ct)
    {
        var before = mesh.Nodes.Select(NodeDaemon.Of).ToList();
        var start = Time.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds), Time, ct);
        var after = mesh.Nodes.Select(NodeDaemon.Of).ToList();
        var took = Time.GetElapsedTime(start).TotalSeconds;
        foreach (var (then, now) in before.Zip(after))
        {
            var shares = then.Join(now, daemon => daemon.Id, daemon => daemon.Id, (a, b) => (a.Name, Percent: 100 * (b.CpuSeconds - a.CpuSeconds) / took)).ToList();
            if (shares.Count != then.Count) throw new InvalidOperationException($"{name}: a daemon ended meanwhile: the mesh was not idle");
            Add(Whole, name, "percent of a core", shares.Sum(share => share.Percent));
            foreach (var daemon in shares.GroupBy(share => share.Name))
                Add(daemon.Key, name, "percent of a core", daemon.Sum(share => share.Percent));
        }
        var nodes = _results.Where(result => result.Subject == Whole && result.Case == name).Average(result => result.Value);
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: {nodes:0.00} % of a core a node"));
    }

    private void AddMemory(LabMesh mesh)
    {
        foreach (var daemons in mesh.Nodes.Select(NodeDaemon.Of))
        {
            Add(Whole, "rss", "MB", daemons.Sum(daemon => daemon.Megabytes));
            foreach (var daemon in daemons.GroupBy(daemon => daemon.Name))
                Add(daemon.Key, "rss", "MB", daemon.Sum(each => each.Megabytes));
        }
    }

    private void Add(string subject, string name, string unit, double value) => _results.Add(new Measurement(subject, name, unit, value));
}
