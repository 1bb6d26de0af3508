using System.Globalization;
using System.Text.Json;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.Bench.Paths;

/// <summary>
/// The cable between n1 and n2 is cut silently: how long their workloads do not reach each other, until a transit node passes on what they send (cut-lan
/// and so on, by their BFD profile).
/// </summary>
internal sealed class CutCase(PathsMesh mesh)
{
    private LabNode First => mesh.Lab.Node(1);

    private LabNode Second => mesh.Lab.Node(2);

    public Task RunAsync(string profile, int rounds, CancellationToken ct) => mesh.WithProfileAsync(profile, () => MeasureAsync($"cut-{profile}", rounds, ct), ct);

    private async Task MeasureAsync(string name, int rounds, CancellationToken ct)
    {
        for (var round = 1; round <= rounds; round++)
        {
            await mesh.WellAsync(Second, ct);
            await mesh.SettleAsync(ct);
            await mesh.SayAsync($"{name}, {round} of {rounds}: {await TimersAsync(ct)}");
            await mesh.AddAsync(name, "ms", await CutAsync(ct));
        }
        await mesh.WellAsync(Second, ct);
    }

    private Task<double> CutAsync(CancellationToken ct)
    {
        var target = AddressPlan.Workload4(Second.Number);
        return mesh.GapAsync(target, async () => await Cut.BetweenAsync(mesh.Lab, First, Second, onlyIPv6: false, ct), async () =>
        {
            if (await mesh.NextAsync(target, ct) is not { } transit || transit == Second)
                throw new InvalidOperationException($"n1 hands packets to {Second.Machine.Name} itself, though that is cut off");
        }, ct);
    }

    /// <summary>What bfdd has agreed upon with n2's.</summary>
    private async Task<string> TimersAsync(CancellationToken ct)
    {
        var link = (await First.StatusAsync(ct)).Peers.Single(peer => peer.Hostname == Second.Machine.Name).Link;
        using var peers = JsonDocument.Parse((await First.MeshoverAsync(["vtysh", "-c", "show bfd peers json"], ct)).Checked());
        var session = peers.RootElement.EnumerateArray().First(peer => peer.TryGetProperty("interface", out var on) && on.GetString() == link);
        int Of(string property) => session.GetProperty(property).GetInt32();
        var (each, times) = (Math.Max(Of("receive-interval"), Of("remote-transmit-interval")), Of("remote-detect-multiplier"));
        return string.Create(CultureInfo.InvariantCulture, $"n1 misses n2 after {each} ms x {times}");
    }
}
