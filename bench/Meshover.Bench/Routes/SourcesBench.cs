using System.Globalization;
using System.Net;
using Meshover.Bench.Mesh;
using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.Bench.Routes;

/// <summary>
/// Blocks of addresses that come and go on one of five nodes, as pods do: a thousand at once until the last of the four others has them all in its kernel (all), and until none has any (none); and, while a
/// thousand are there and twenty a second come or go, each new one until the last of the four has it (block-p50, block-p99), and each that goes until none has it (gone-p50, gone-p99). What is left at the
/// end on any of them is counted (leaked). All nodes share this machine.
/// </summary>
internal sealed class SourcesBench(int rounds, TextWriter progress)
{
    private const string Subject = "meshover";
    private const int Nodes = 5, Many = 1000, ChangesInRound = 200;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50), Patience = TimeSpan.FromSeconds(60), Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeProvider Time = TimeProvider.System;
    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = "mosources", Nodes = Nodes }, Time, new Silent(), ct);
        await mesh.DirectAsync(Patience, ct);
        using var table = await BlockTable.OpenAsync(mesh, mesh.Node(1), ct);
        var watches = mesh.Nodes.Skip(1).Select(node => new RouteWatch(node)).ToList();
        try
        {
            table.Add(BlockTable.Block(Many));
            await LastAsync(watches, [BlockTable.Block(Many)], isThere: true, ct); // the source is watched, and the grant known
            for (var round = 0; round < rounds; round++)
                await RoundAsync(table, watches, ct);
            table.Remove(BlockTable.Block(Many));
            await LastAsync(watches, [BlockTable.Block(Many)], isThere: false, ct);
            await Task.Delay(Settling, Time, ct); // what went and comes again
            foreach (var watch in watches)
                await AddAsync("leaked", "routes", watch.CountIn(BlockTable.Range));
        }
        finally
        {
            watches.ForEach(watch => watch.Dispose());
        }
        return _results;
    }

    private async Task RoundAsync(BlockTable table, List<RouteWatch> watches, CancellationToken ct)
    {
        await Task.Delay(Settling, Time, ct);
        List<IPNetwork> blocks = [.. Enumerable.Range(0, Many).Select(BlockTable.Block)];
        await AddAsync("all", "ms", await TakesAsync(() => blocks.ForEach(table.Add), watches, blocks, isThere: true, ct));
        await Task.Delay(Settling, Time, ct);
        blocks = await ChurnAsync(table, watches, blocks, ct);
        await Task.Delay(Settling, Time, ct);
        await AddAsync("none", "ms", await TakesAsync(() => blocks.ForEach(table.Remove), watches, blocks, isThere: false, ct));
    }

    /// <summary>One comes, one goes, in turn, whatever has arrived by then.</summary>
    /// <returns>Those that are there then.</returns>
    private async Task<List<IPNetwork>> ChurnAsync(BlockTable table, List<RouteWatch> watches, List<IPNetwork> blocks, CancellationToken ct)
    {
        var (present, fresh) = (new Queue<IPNetwork>(blocks), Many + 1);
        var (came, went) = (new List<Task<double>>(), new List<Task<double>>());
        using var pace = new PeriodicTimer(Pace, Time);
        for (var i = 0; i < ChangesInRound; i++)
        {
            await pace.WaitForNextTickAsync(ct);
            if (i % 2 == 0)
            {
                var block = BlockTable.Block(fresh++);
                present.Enqueue(block);
                came.Add(TakesAsync(() => table.Add(block), watches, [block], isThere: true, ct));
            }
            else
            {
                var block = present.Dequeue();
                went.Add(TakesAsync(() => table.Remove(block), watches, [block], isThere: false, ct));
            }
        }
        await AddQuantilesAsync("block", await Task.WhenAll(came));
        await AddQuantilesAsync("gone", await Task.WhenAll(went));
        return [.. present];
    }

    private async Task AddQuantilesAsync(string name, double[] values)
    {
        Array.Sort(values);
        await AddAsync($"{name}-p50", "ms", values[values.Length / 2]);
        await AddAsync($"{name}-p99", "ms", values[(int)Math.Ceiling(values.Length * 0.99) - 1]);
    }

    private static async Task<double> TakesAsync(Action act, List<RouteWatch> watches, IReadOnlyList<IPNetwork> blocks, bool isThere, CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        act();
        return Time.GetElapsedTime(start, await LastAsync(watches, blocks, isThere, ct)).TotalMilliseconds;
    }

    private static async Task<long> LastAsync(List<RouteWatch> watches, IReadOnlyList<IPNetwork> blocks, bool isThere, CancellationToken ct) =>
        (await Task.WhenAll(watches.Select(watch => watch.AllSeenAsync(blocks, isThere, Patience, ct)))).Max();

    private async Task AddAsync(string name, string unit, double value)
    {
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.#} {unit}"));
        _results.Add(new Measurement(Subject, name, unit, value));
    }
}
