using System.Diagnostics;
using System.Net;

namespace Meshover.Bench.Dataplane;

/// <summary>
/// What one engine carries to a hundred busy peers, beside what it carries to one: TCP by the links, first four streams to one peer, then
/// a stream to each. The hundred peers' engines run on this machine too, and cost what the one peer's does not: so what the engine does
/// with its own processor time is measured as well.
/// </summary>
internal static class PeersBench
{
    private const int Peers = 100;
    private const int StreamsToOne = 4;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task<IReadOnlyList<Measurement>> RunAsync(BenchOptions options, TextWriter progress, CancellationToken ct)
    {
        await using var cable = await Cable.LayAsync();
        await progress.WriteLineAsync($"starting {Peers} peers");
        var centre = await new PeerStar(cable, Peers).StartAsync(ct);
        var results = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            await progress.WriteLineAsync($"round {round} of {options.Rounds}");
            results.AddRange(await MeasureAsync("1 peer", Enumerable.Repeat(PeerStar.AddressOf(0), StreamsToOne), centre, options.Seconds, ct));
            results.AddRange(await MeasureAsync($"{Peers} peers", Enumerable.Range(0, Peers).Select(PeerStar.AddressOf), centre, options.Seconds, ct));
        }
        return results;
    }

    private static async Task<List<Measurement>> MeasureAsync(
        string subject, IEnumerable<IPAddress> targets, Process centre, int seconds, CancellationToken ct)
    {
        using var flood = await TcpFlood.StartAsync(Cable.Namespace(1), Cable.Namespace(2), targets);
        await Task.Delay(WarmUp, TimeProvider.System, ct);
        var (bytes, cpu, start) = (flood.Received, Programs.CpuSeconds(centre), TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, ct);
        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var gigabits = (flood.Received - bytes) * 8 / 1e9;
        return
        [
            new Measurement(subject, "tcp", "Gbit/s", gigabits / elapsed),
            new Measurement(subject, "cpu", "Gbit per CPU-second of the engine", gigabits / (Programs.CpuSeconds(centre) - cpu)),
        ];
    }
}
