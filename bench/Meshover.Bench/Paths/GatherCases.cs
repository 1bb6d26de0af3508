using System.Globalization;
using System.Net;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.Bench.Paths;

/// <summary>
/// What n1's workload sends to the world outside from an address of a range that n2 gathers, and n3 after it. n2 is cut off from everything, or its data plane
/// killed, which starts again by itself: how long nothing arrives outside (gather, gather-killed). TCP to a host outside, gathered, and by the same way to another of its addresses that n2 announces (tcp-gathered, tcp-routed), in turns, and the
/// one by the other (gathered-ratio).
/// </summary>
internal sealed class GatherCases(PathsMesh mesh, int seconds) : IDisposable
{
    // The same host as OutsideWorld.Outside4, at an address to which BGP leads.
    private static readonly IPAddress Routed = IPAddress.Parse("10.10.0.7");

    private OutsideWorld? _world;

    private LabNode Owner => mesh.Lab.Node(2);

    // Answers come back by n1 itself, so that what is seen is the way out alone.
    public async Task FailoverAsync(int rounds, CancellationToken ct)
    {
        var world = await WorldAsync(ct);
        world.AnswersBy(1);
        for (var round = 1; round <= rounds; round++)
            await BreakAsync(world, "gather", () => mesh.GapWithoutAsync(Owner, OutsideWorld.Outside4, ct), ct);
        for (var round = 1; round <= rounds; round++)
            await BreakAsync(world, "gather-killed", () => mesh.GapAsync(OutsideWorld.Outside4, KillDataplane, () => Task.CompletedTask, ct), ct);
    }

    private async Task BreakAsync(OutsideWorld world, string name, Func<Task<double>> gap, CancellationToken ct)
    {
        await world.LeadsByAsync(Owner.Number, mesh.Patience, ct);
        await mesh.Sender.AnsweredAsync(OutsideWorld.Outside4, mesh.Patience, ct);
        await mesh.SettleAsync(ct);
        await mesh.AddAsync(name, "ms", await gap());
        await mesh.WellAsync(Owner, ct);
    }

    private Task<Cut?> KillDataplane()
    {
        Owner.Kill("dataplane");
        return Task.FromResult<Cut?>(null);
    }

    public async Task ThroughputAsync(int rounds, CancellationToken ct)
    {
        var world = await WorldAsync(ct);
        world.AnswersBy(Owner.Number);
        await LeadToRoutedAsync(world, ct);
        await world.LeadsByAsync(Owner.Number, mesh.Patience, ct);
        foreach (var target in (IPAddress[])[OutsideWorld.Outside4, Routed])
            await mesh.Sender.AnsweredAsync(target, mesh.Patience, ct);
        await GatheredAsync(ct); // what comes first is slower, as paths and caches are cold
        for (var round = 1; round <= rounds; round++)
            await CompareAsync(gatheredFirst: round % 2 == 1, ct);
    }

    private async Task CompareAsync(bool gatheredFirst, CancellationToken ct)
    {
        var gathered = gatheredFirst ? await GatheredAsync(ct) : 0;
        var routed = await TcpAsync(Routed, AddressPlan.Workload4(1), ct);
        if (!gatheredFirst) gathered = await GatheredAsync(ct);
        await mesh.AddAsync("tcp-gathered", "Gbit/s", gathered);
        await mesh.AddAsync("tcp-routed", "Gbit/s", routed);
        await mesh.AddAsync("gathered-ratio", "times", gathered / routed);
    }

    private Task<double> GatheredAsync(CancellationToken ct) => TcpAsync(OutsideWorld.Outside4, OutsideWorld.Source4, ct);

    private async Task<double> TcpAsync(IPAddress to, IPAddress from, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var end = await Iperf.RunAsync(mesh.Sender.NetworkName, mesh.Lab.Controller.Machine.NetworkName, $"{to}", "-B", $"{from}", "-t", string.Create(CultureInfo.InvariantCulture, $"{seconds}"));
        return Iperf.Gigabits(end, "sum_received");
    }

    private async Task<OutsideWorld> WorldAsync(CancellationToken ct)
    {
        if (_world is not null) return _world;
        var world = OutsideWorld.Build(mesh.Lab);
        try
        {
            await GatherAsync(world, ct);
            return _world = world;
        }
        catch
        {
            world.Dispose();
            throw;
        }
    }

    private async Task GatherAsync(OutsideWorld world, CancellationToken ct)
    {
        var n1 = mesh.Lab.Node(1);
        foreach (var host in OutsideWorld.Hosts)
            await mesh.Lab.Controller.GrantAsync(n1.Number, host, [], ct);
        await mesh.SetAsync(n1, ["--announce", string.Join(',', [.. AddressPlan.Announced(n1.Number), .. OutsideWorld.Hosts])], ct);
        foreach (var (owner, priority) in ((LabNode, int)[])[(Owner, 200), (mesh.Lab.Node(3), 100)])
        {
            await world.GrantGatheringAsync(owner.Number, ct);
            await mesh.SetAsync(owner, OutsideWorld.Gathers(priority), ct);
        }
        await mesh.WellAsync(Owner, ct);
        await Owner.RoutedAsync(isThere: true, mesh.Patience, OutsideWorld.Hosts);
        await world.LearnLinksAsync(ct);
    }

    /// <summary>n2 announces the other address, and what the workload's own address is told comes back by n2.</summary>
    private async Task LeadToRoutedAsync(OutsideWorld world, CancellationToken ct)
    {
        world.AddHost(Routed);
        world.LeadBack(IPNetwork.Parse(AddressPlan.Announced(1)[0]), Owner.Number);
        using (var netlink = RouteNetlink.OpenIn(Owner.Machine.NetworkPath))
            netlink.ReplaceRoute(new RouteInfo { Destination = new IPNetwork(Routed, 32), Gateway = AddressPlan.Controller4, Protocol = RouteProtocols.Static });
        await mesh.Lab.Controller.GrantAsync(Owner.Number, $"{Routed}/32", [], ct);
        await Until.NothingIsMissingAsync($"{Owner.Machine.Name} announces {Routed}", mesh.Patience, async () =>
            await Owner.MeshoverAsync(["announce", $"{Routed}", "--routed"], ct) is { ExitCode: 0 } ? null : "it is refused", ct);
        await mesh.Lab.Node(1).RoutedAsync(isThere: true, mesh.Patience, [$"{Routed}/32"]);
    }

    public void Dispose() => _world?.Dispose();
}
