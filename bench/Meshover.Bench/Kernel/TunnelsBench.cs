using System.Globalization;
using System.Net;
using Meshover.Bench.Dataplane;

namespace Meshover.Bench.Kernel;

/// <summary>
/// TCP by the agent's link, beside what somebody who knows his tools would have set up with them: WireGuard alone, and WireGuard with a
/// GRE device in it, whose attributes must be those of the agent's.
/// </summary>
internal static class TunnelsBench
{
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
        (string Name, TunnelPair Pair, bool Links)[] subjects =
            [("wireguard", alone, false), ("wireguard+gre", byHand, true), ("meshover", byAgent, true), ("meshover, no firewall", unguarded, true)];
        foreach (var (_, pair, links) in subjects)
            await pair.WaitForAnswerAsync(links);
        var results = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            // Each round begins with another, so that nobody has the same one before him every time.
            foreach (var (name, pair, links) in subjects.Skip(round % subjects.Length).Concat(subjects.Take(round % subjects.Length)))
            {
                var megabits = await MeasureAsync(pair, pair.AddressOf(2, links), options.Seconds, ct);
                results.Add(new Measurement(name, "tcp", "Mbit/s", megabits));
                await progress.WriteLineAsync(
                    string.Create(CultureInfo.InvariantCulture, $"tunnels, round {round} of {options.Rounds}: {name}: {megabits:0} Mbit/s"));
            }
        }
        return results;
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

    private static async Task<double> MeasureAsync(TunnelPair pair, IPAddress target, int seconds, CancellationToken ct)
    {
        using var flood = await TcpFlood.StartAsync(pair.Namespace(1), pair.Namespace(2), [target]);
        await Task.Delay(WarmUp, TimeProvider.System, ct);
        var (bytes, start) = (flood.Received, TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, ct);
        return (flood.Received - bytes) * 8 / 1e6 / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
