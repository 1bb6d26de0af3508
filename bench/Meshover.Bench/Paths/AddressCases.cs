using System.Net;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.Bench.Paths;

/// <summary>
/// Addresses that n2 and n3 both announce. One of them is cut off from everything: how long its floating address does not answer (floating-lan
/// and so on, by their BFD profile). One is drained:
/// how many packets of a hundred a second are lost of those to a floating address that it had, to an anycast address that it had for this sender
/// (drain-floating, drain-anycast), and of those that it passed on as a transit node, where there is another (drain-transit); and how long a drain takes (drain).
/// </summary>
internal sealed class AddressCases(PathsMesh mesh)
{
    private const string Floating = "10.9.0.1", Anycast = "10.9.1.1", Range = "10.9.0.0/16";
    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(10);

    private static readonly IPAddress FloatingAddress = IPAddress.Parse(Floating), AnycastAddress = IPAddress.Parse(Anycast);

    private bool _isSetUp;

    private LabNode[] Owners => [mesh.Lab.Node(2), mesh.Lab.Node(3)];

    public async Task FailoverAsync(string profile, int rounds, CancellationToken ct)
    {
        await SetUpAsync(ct);
        await mesh.WithProfileAsync(profile, () => MeasureAsync($"floating-{profile}", rounds, ct), ct);
    }

    private async Task MeasureAsync(string name, int rounds, CancellationToken ct)
    {
        for (var round = 1; round <= rounds; round++)
        {
            var active = await ActiveAsync(ct);
            await mesh.SettleAsync(ct);
            await mesh.AddAsync(name, "ms", await mesh.GapWithoutAsync(active, FloatingAddress, ct));
            await mesh.WellAsync(active, ct);
            await MeshWaits.LinkedAsync(Owners[0], Owners[1], mesh.Patience, ct);
        }
    }

    public async Task DrainAsync(int rounds, CancellationToken ct)
    {
        await SetUpAsync(ct);
        for (var round = 1; round <= rounds; round++)
            await DrainAsync("drain-floating", FloatingAddress, await ActiveAsync(ct), ct);
        for (var round = 1; round <= rounds; round++)
        {
            await ActiveAsync(ct);
            await DrainAsync("drain-anycast", AnycastAddress, await NextAsync(AnycastAddress, ct), ct);
        }
        if (mesh.Lab.Nodes.Count > 3) await DrainTransitAsync(rounds, ct);
    }

    /// <summary>With the cable between n1 and n2 cut, what goes from the one to the other has several ways.</summary>
    private async Task DrainTransitAsync(int rounds, CancellationToken ct)
    {
        var (n2, target) = (mesh.Lab.Node(2), AddressPlan.Workload4(2));
        await using (await Cut.BetweenAsync(mesh.Lab, mesh.Lab.Node(1), n2, onlyIPv6: false, ct))
        {
            await Until.TrueAsync("n1 reaches n2 by another node", mesh.Patience, async () => await mesh.NextAsync(target, ct) is { } next && next != n2);
            for (var round = 1; round <= rounds; round++)
                await DrainAsync("drain-transit", target, await NextAsync(target, ct), ct);
        }
        await mesh.WellAsync(n2, ct);
    }

    private async Task DrainAsync(string name, IPAddress target, LabNode node, CancellationToken ct)
    {
        await mesh.Sender.AnsweredAsync(target, mesh.Patience, ct);
        await mesh.SettleAsync(ct);
        var took = TimeSpan.Zero;
        PingReport report;
        LabNode? next;
        try
        {
            report = await mesh.DuringAsync(target, DrainInterval, async () =>
            {
                var start = TimeProvider.System.GetTimestamp();
                (await node.MeshoverAsync(["drain", "--wait"], ct)).Checked();
                took = TimeProvider.System.GetElapsedTime(start);
            }, ct);
            next = await mesh.NextAsync(target, ct);
        }
        finally
        {
            (await node.MeshoverAsync(["undrain"], CancellationToken.None)).Checked();
        }
        if (next == node) throw new InvalidOperationException($"{node.Machine.Name} is drained, and {target} is still reached by it");
        await mesh.AddAsync(name, "packets lost", report.Lost.Length);
        await mesh.AddAsync("drain", "s", took.TotalSeconds);
        await Until.NothingIsMissingAsync($"{node.Machine.Name} is drained no more", mesh.Patience, async () => (await node.StatusAsync(ct)).Draining, ct);
    }

    private async Task<LabNode> NextAsync(IPAddress target, CancellationToken ct) => await mesh.NextAsync(target, ct) ?? throw new InvalidOperationException($"n1 has no way to {target}");

    /// <summary>Who has the floating address, once the other stands by and both have the anycast address.</summary>
    private async Task<LabNode> ActiveAsync(CancellationToken ct)
    {
        LabNode? active = null;
        await Until.NothingIsMissingAsync($"one is active of {Floating}, and the other stands by", mesh.Patience, async () =>
        {
            var roles = await Task.WhenAll(Owners.Select(async node => (Node: node, Role: (await node.AnnouncementAsync($"{Floating}/32", ct))?.Role)));
            var anycast = await Task.WhenAll(Owners.Select(node => node.AnnouncementAsync($"{Anycast}/32", ct)));
            active = roles.FirstOrDefault(one => one.Role == "active").Node;
            return roles.Count(one => one.Role == "active") == 1 && roles.Count(one => one.Role == "standby") == 1 && anycast.All(one => one is { Withdrawn: false })
                ? null
                : string.Join(", ", roles.Select(one => $"{one.Node.Machine.Name} {one.Role ?? "nothing"}"));
        }, ct);
        return active!;
    }

    private async Task SetUpAsync(CancellationToken ct)
    {
        if (_isSetUp) return;
        foreach (var node in Owners)
        {
            await mesh.Lab.Controller.GrantAsync(node.Number, Range, ["--max-length", "32"], ct);
            await AnnounceAsync(node, [Anycast, "--anycast"], ct);
            await AnnounceAsync(node, [Floating, "--active-standby"], ct);
        }
        await ActiveAsync(ct);
        _isSetUp = true;
    }

    /// <summary>Once the node knows that it is granted. Status 3 says that it is not announced yet, as its role is not chosen.</summary>
    private Task<TimeSpan> AnnounceAsync(LabNode node, string[] arguments, CancellationToken ct) =>
        Until.NothingIsMissingAsync($"{node.Machine.Name} announces {arguments[0]}", mesh.Patience, async () =>
            await node.MeshoverAsync(["announce", .. arguments], ct) is { ExitCode: 0 or 3 } ? null : "it is refused", ct);
}
