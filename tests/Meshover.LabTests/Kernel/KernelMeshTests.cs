using System.Globalization;
using System.Net;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Mesh;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Kernel;

/// <summary>Whole nodes on a kernel with WireGuard and GRE. Each test leaves the mesh as it found it.</summary>
[Collection(KernelMeshCollection.Name)]
public sealed class KernelMeshTests(KernelMeshFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan SwitchOutage = TimeSpan.FromSeconds(5);

    // BFD notices in 5 s here. Without it BGP would in 9 s, and keep the routes for 30 s more, as of one that restarts.
    private static readonly TimeSpan CutOutage = TimeSpan.FromSeconds(25);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mesh_OfKernelNodes_CarriesEveryPairWithoutDamage()
    {
        await fixture.ReachableAsync(_ct);
        foreach (var node in _mesh.Nodes)
        {
            var dataplane = await fixture.DataplaneAsync(node, _ct);
            Assert.Equal(("ok", "kernel", null), (dataplane.State, dataplane.Kind, dataplane.Reason));
            AssertLinks(node, "wireguard", "gre");
        }
        await fixture.AssertPairsAsync(_ct);
        await AssertCapturedAsync(_mesh.Node(1));
    }

    /// <summary>`meshover capture` sees what the kernel's own WireGuard and GRE carry: a ping on the link, and packets of UDP on the underlay.</summary>
    private async Task AssertCapturedAsync(LabNode node)
    {
        var peer = (await node.StatusAsync(_ct)).Peers.Single(each => each.Hostname == "n2");
        var (own, other) = ((await node.StatusAsync(_ct)).Numbers.Address6, (await _mesh.Node(2).StatusAsync(_ct)).Numbers.Address6);
        var open = await NodeCapture.RunAsync(node, ["-c", "12", "n2"], [other], Patience, _ct);
        Assert.Contains(open, line => line.Contains($"{own} > {other}: ICMP6, echo request", StringComparison.Ordinal));

        var at = IPEndPoint.Parse(peer.Endpoint!);
        var @sealed = await NodeCapture.RunAsync(node, ["--sealed", "-c", "4", "n2"], [other], Patience, _ct);
        Assert.All(@sealed, line => Assert.Contains($" {at.Address}.{at.Port}", line, StringComparison.Ordinal));
        Assert.All(@sealed, line => Assert.Contains("UDP", line, StringComparison.Ordinal));
        Assert.DoesNotContain(@sealed, line => line.Contains(other, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agent_Killed_LosesNoPacketAndItsSuccessorAdoptsAllAsItIs()
    {
        await fixture.ReachableAsync(_ct);
        var node = _mesh.Node(1);
        var links = Ours(node);
        var reports = await fixture.PingDuringAsync(async () =>
        {
            var killed = node.Kill("agent");
            await Until.NothingIsMissingAsync("the agent is back", Patience, () => Task.FromResult(node.Find("agent") is { } now && now != killed ? null : "no agent"), _ct);
            await Until.NothingIsMissingAsync("the agent has looked at everything", Patience, async () =>
                (await node.StatusAsync(_ct)).Components.FirstOrDefault(each => each.State != "ok") is { } bad ? $"{bad.Name} is {bad.State}\n{node.Logs()}" : null, _ct);
        }, _ct);

        Assert.All(reports, report => Assert.True(report.Lost.IsEmpty && report.Sent > 100, report.ToString()));
        Assert.Equal(links, Ours(node));
    }

    [Fact]
    public async Task Node_SwitchedToTheEngineAndBack_IsBackWithinFiveSecondsEachTime()
    {
        await fixture.ReachableAsync(_ct);
        var node = _mesh.Node(2);

        var before = await fixture.SlownessAsync(node, _ct);
        var toEngine = await fixture.PingDuringAsync(() => fixture.SwitchAsync(node, "userspace", "userspace", _ct), _ct);
        AssertLinks(node, "tun", "tun");
        var meanwhile = await fixture.SlownessAsync(node, _ct);
        var toKernel = await fixture.PingDuringAsync(() => fixture.SwitchAsync(node, "kernel", "kernel", _ct), _ct);
        var slowness = Math.Max(Math.Max(before, meanwhile), await fixture.SlownessAsync(node, _ct));
        AssertLinks(node, "wireguard", "gre");
        (await node.UpAsync(input: null, ["--no-wait", "--dataplane", "auto"], _ct)).Checked();

        Assert.All([.. toEngine, .. toKernel], report => Assert.True(report.LongestGap < SwitchOutage * slowness, $"{report}, slowness {slowness:0.0}"));
    }

    [Fact]
    public async Task Underlay_CutBetweenTwoNodes_HealsThroughTransitAndIsDirectAgainOnceMended()
    {
        await fixture.ReachableAsync(_ct);
        await _mesh.DirectAsync(Patience, _ct);
        var node = _mesh.Node(1);
        var reports = await fixture.PingDuringAsync(async () =>
        {
            await using var cut = await Cut.BetweenAsync(_mesh, node, _mesh.Node(2), onlyIPv6: false, _ct);
            await Until.NothingIsMissingAsync("n1 reaches n2 by way of n3", Patience, async () =>
                (await node.StatusAsync(_ct)).Peers.Single(peer => peer.Hostname == "n2") is { Path: "transit" } ? null : "no transit", _ct);
            await fixture.ReachableAsync(_ct);
        }, _ct);
        await _mesh.DirectAsync(Patience, _ct);

        Assert.All(reports, report => Assert.True(report.LongestGap < CutOutage, report.ToString()));
        Assert.Contains(reports, report => report.Lost.Length > 0);
    }

    [Fact]
    public async Task Node_DownAndUpAgain_LeavesNothingMeanwhile()
    {
        await fixture.ReachableAsync(_ct);
        var node = _mesh.Node(3);

        var down = await node.MeshoverAsync(["down"], _ct);
        var after = await SystemSnapshot.TakeAsync(node.Machine, _ct);
        (await node.UpAsync(input: null, ["--no-wait"], _ct)).Checked();
        await fixture.ReachableAsync(_ct);

        down.Checked();
        SystemSnapshot.AssertEqual(fixture.Before, after, line => line is "file /var/lib/meshover" or "file /var/lib/meshover/identity.json");
    }

    /// <summary>WireGuard of the kernel hands no class on: our firewall knows FRR's packets by their socket. What workloads wish for is told to nobody outside.</summary>
    [Fact]
    public async Task Control_OfFrrAlone_GoesFirstOutside()
    {
        await fixture.ReachableAsync(_ct);
        var node = _mesh.Node(1);
        try
        {
            await NftAsync(node, "add table inet outside; add chain inet outside out { type filter hook postrouting priority 0; }");
            foreach (var family in (string[])["ip", "ip6"])
                await NftAsync(node, $"add rule inet outside out udp sport 12912 {family} dscp cs6 counter accept");
            await NftAsync(node, "add rule inet outside out udp sport 12912 counter");
            (await node.Workload.RunAsync("ping", ["-n", "-q", "-c", "100", "-i", "0.1", "-Q", "0xc0", $"{AddressPlan.Workload4(2)}"], _ct)).Checked();

            var listed = await NftAsync(node, "list chain inet outside out");
            var packets = listed.Split("counter packets ").Skip(1).Select(rest => long.Parse(rest.Split(' ')[0], CultureInfo.InvariantCulture)).ToList();
            Assert.True(packets[0] + packets[1] >= 10, listed); // BFD of two peers, each second, and BGP
            Assert.True(packets[2] >= 100, listed);
        }
        finally
        {
            await node.Machine.RunAsync("nft", ["delete table inet outside"], CancellationToken.None);
        }
    }

    private async Task<string> NftAsync(LabNode node, string command) => (await node.Machine.RunAsync("nft", [command], _ct)).Checked();

    private static void AssertLinks(LabNode node, string device, string link)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        Assert.Equal(device, netlink.GetLink("meshover0").Kind);
        var links = netlink.GetLinks().Where(each => each.Name.StartsWith("mo-", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, links.Count);
        Assert.All(links, each => Assert.Equal((link, 1396), (each.Kind, each.Mtu)));
        Assert.All(links, each => Assert.StartsWith("n", each.Alias, StringComparison.Ordinal));
        Assert.All(links, each => Assert.True(each.Flags.HasFlag(LinkFlags.Multicast | LinkFlags.Up), each.ToString()));
        Assert.All(links, each => Assert.Equal(AddressGenerationMode.None, each.AddressGeneration));
        Assert.All(links, each => Assert.Single(netlink.GetAddresses(each.Index), address => address.Address.IsIPv6LinkLocal));
        Assert.Equal("dummy", netlink.GetLink("meshover-lo").Kind);
    }

    private static List<string> Ours(LabNode node)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        return [.. netlink.GetLinks().Where(each => each.Name.StartsWith("mo-", StringComparison.Ordinal) || each.Name.StartsWith("meshover", StringComparison.Ordinal)).Select(each => each.ToString())];
    }
}
