using System.Globalization;
using Meshover.Bench.Dataplane;

namespace Meshover.Bench.Kernel;

/// <summary>
/// TCP by the agent's link, beside what somebody who knows his tools would have set up with them: WireGuard alone, and WireGuard with a
/// GRE device in it, whose attributes must be those of the agent's.
/// </summary>
internal static class TunnelsBench
{
    // The same connection takes one of several gaits for as long as it lasts, by how many packets happen to come in one batch.
    private const int ConnectionsPerRound = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);

    public static async Task<IReadOnlyList<Measurement>> RunAsync(string directory, BenchOptions options, TextWriter progress, CancellationToken ct)
    {
        using var alone = TunnelPair.Lay("wg", directory);
        using var byHand = TunnelPair.Lay("gre", directory);
        using var byAgent = TunnelPair.Lay("agent", directory);
        using var unguarded = TunnelPair.Lay("bare", directory);
        await alone.ConnectByHandAsync(links: false);
        await byHand.ConnectByHandAsync(links: true);
        await byAgent.ConnectByAgentAsync(firewall: true);
        await unguarded.ConnectByAgentAsync(firewall: false);
        await AssertSameDevicesAsync(byHand, byAgent, progress);
        Subject[] subjects =
        [
            new("wireguard", alone, HasLinks: false), new("wireguard+gre", byHand, HasLinks: true),
            new("meshover", byAgent, HasLinks: true), new("meshover, no firewall", unguarded, HasLinks: true),
        ];
        foreach (var subject in subjects)
            await subject.Pair.WaitForAnswerAsync(subject.HasLinks);
        var results = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            var means = await RoundAsync(subjects, round, options.Seconds, ct);
            results.AddRange(means);
            await progress.WriteLineAsync($"tunnels, round {round} of {options.Rounds}: {string.Join(", ", means.Select(Text))}");
        }
        return results;

        static string Text(Measurement mean) => string.Create(CultureInfo.InvariantCulture, $"{mean.Subject}: {mean.Value:0} Mbit/s");
    }

    private static async Task<List<Measurement>> RoundAsync(Subject[] subjects, int round, int seconds, CancellationToken ct)
    {
        var sums = new double[subjects.Length];
        for (var turn = 0; turn < ConnectionsPerRound; turn++)
        {
            // Each turn begins with another, so that nobody has the same one before him every time.
            for (var i = 0; i < subjects.Length; i++)
            {
                var index = (i + turn + round) % subjects.Length;
                sums[index] += await MeasureAsync(subjects[index], seconds, ct);
            }
        }
        return [.. subjects.Zip(sums, (subject, sum) => new Measurement(subject.Name, "tcp", "Mbit/s", sum / ConnectionsPerRound))];
    }

    private static async Task AssertSameDevicesAsync(TunnelPair byHand, TunnelPair byAgent, TextWriter progress)
    {
        for (var end = 1; end <= 2; end++)
        {
            var plan = byHand.Plan(end, firewall: false);
            foreach (var device in (string[])[plan.WireGuard.Interface, plan.Links[0].Name])
            {
                var count = await DeviceAttributes.AssertEqualAsync(device, byHand.Namespace(end), byAgent.Namespace(end));
                await progress.WriteLineAsync($"{device} at end {end}: all {count} attributes are as in the one made by hand");
            }
        }
    }

    private static async Task<double> MeasureAsync(Subject subject, int seconds, CancellationToken ct)
    {
        var (_, pair, hasLinks) = subject;
        using var flood = await TcpFlood.StartAsync(pair.Namespace(1), pair.Namespace(2), [pair.AddressOf(2, hasLinks)]);
        await Task.Delay(WarmUp, TimeProvider.System, ct);
        var (bytes, start) = (flood.Received, TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, ct);
        return (flood.Received - bytes) * 8 / 1e6 / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private sealed record Subject(string Name, TunnelPair Pair, bool HasLinks);
}
