using System.Globalization;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>An uplink that is full all the time, of 2 Mbit/s with a second of buffer, must not fell the mesh that fills it.</summary>
public sealed class FullUplinkTests
{
    private const int Rate = 2_000_000, BufferBytes = Rate / 8;
    private static readonly TimeSpan Full = TimeSpan.FromSeconds(40);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>Five times what passes, without regard; the uplink knows classes (as CAKE, or a router with DiffServ), so control goes first.</summary>
    [Fact]
    public async Task Sessions_UplinkThatKnowsClassesFullOfDatagrams_Hold()
    {
        await using var mesh = await MeshAsync(knowsClasses: true);
        var marked = await RunFullAsync(mesh, ["-u", "-b", "10M", "-l", "1200"]);
        Assert.True(marked > 2 * Full.TotalSeconds * 2, $"only {marked} packets went out as network control");
    }

    /// <summary>One queue for all: TCP fills the buffer, and waits for it.</summary>
    [Fact]
    public async Task Sessions_PlainUplinkFullOfTcp_Hold()
    {
        await using var mesh = await MeshAsync(knowsClasses: false);
        await RunFullAsync(mesh, ["-P", "2"]);
    }

    private async Task<LabMesh> MeshAsync(bool knowsClasses)
    {
        var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        await RunAsync(mesh, "tc", $"qdisc add dev {UnderlayPlanner.Uplink} root handle 1: tbf rate {Rate}bit burst 3000 limit {BufferBytes}");
        if (knowsClasses)
        {
            // Of the kernel's queues this one goes by the priority, which a class of IPv6 alone does not set. It is as long as the device says.
            await RunAsync(mesh, "ip", $"link set {UnderlayPlanner.Uplink} txqueuelen {BufferBytes / 1_250}");
            await RunAsync(mesh, "tc", $"qdisc add dev {UnderlayPlanner.Uplink} parent 1: pfifo_fast");
        }
        await RunAsync(mesh, "nft", "add table inet modem; add chain inet modem out { type filter hook postrouting priority 0; }");
        foreach (var family in (string[])["ip", "ip6"])
            await RunAsync(mesh, "nft", $"add rule inet modem out oifname {UnderlayPlanner.Uplink} udp sport 12912 {family} dscp cs6 counter meta priority set 0:7");
        // Behind a modem there would be none in its queue.
        await RunAsync(mesh, "nft", "add rule inet modem out icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } meta priority set 0:7");
        return mesh;
    }

    /// <returns>Packets that went out as network control.</returns>
    private async Task<long> RunFullAsync(LabMesh mesh, string[] traffic)
    {
        var before = await UptimesAsync(mesh);
        var server = mesh.Node(2).Workload.RunAsync("iperf3", ["-s", "-1"], _ct);
        await Until.NothingIsMissingAsync("iperf3 listens", TimeSpan.FromSeconds(10), async () =>
            (await mesh.Node(2).Workload.RunAsync("ss", ["-Hltn", "sport", "=", "5201"], _ct)).Output.Length > 0 ? null : "it does not", _ct);
        var seconds = Full.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var said = await mesh.Node(1).Workload.RunAsync("iperf3", ["-c", $"{AddressPlan.Workload4(2)}", "-t", seconds, "--connect-timeout", "5000", .. traffic], _ct);
        var after = await UptimesAsync(mesh);
        // Its last words wait in the full buffer, too: it may end without them.
        _ = server.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.Contains("sec", said.Output, StringComparison.Ordinal);
        Assert.All(before.Zip(after), session => Assert.True(session.Second >= session.First + Full, $"a session ended: {string.Join(' ', before)} before, {string.Join(' ', after)} after"));
        return await MarkedAsync(mesh);
    }

    private async Task<List<TimeSpan>> UptimesAsync(LabMesh mesh)
    {
        var uptimes = new List<TimeSpan>();
        foreach (var node in mesh.Nodes)
            uptimes.AddRange(await BgpSessions.UptimesAsync(node, _ct));
        return uptimes;
    }

    private async Task<long> MarkedAsync(LabMesh mesh)
    {
        var listed = (await mesh.Node(1).Machine.RunAsync("nft", ["list", "chain", "inet", "modem", "out"], _ct)).Checked();
        return listed.Split("counter packets ").Skip(1).Sum(rest => long.Parse(rest.Split(' ')[0], CultureInfo.InvariantCulture));
    }

    private async Task RunAsync(LabMesh mesh, string program, string arguments) =>
        (await mesh.Node(1).Machine.RunAsync(program, program == "nft" ? [arguments] : arguments.Split(' '), _ct)).Checked();
}
