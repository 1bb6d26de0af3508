using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;

namespace Meshover.LabTests.Mesh;

/// <summary>Other underlays than one flat segment.</summary>
public sealed class UnderlayTests
{
    // Covers the underlay addresses of every node and of the controller.
    private static readonly string[] Covering = ["198.51.100.0/24", "192.0.2.0/24", "2001:db8::/32"];
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Routed_PrefixOverPeersAndControllerAnnounced_BreaksNothingEvenWithStrictReversePathFilter()
    {
        await using var mesh = await LabMesh.BuildAsync(Options(UnderlayKind.Routed), TimeProvider.System, _ct);
        foreach (var node in mesh.Nodes) node.Machine.InNetwork(FilterStrictly);
        await mesh.StartControllerAsync(new TestProgress(), _ct);
        foreach (var node in mesh.Nodes)
        {
            string[] prefixes = [.. AddressPlan.Announced(node.Number), .. node.Number == 1 ? Covering : []];
            await node.JoinAsync(await mesh.Controller.CreateTokenAsync(prefixes, _ct), prefixes, _ct);
        }
        await mesh.SettledAsync(_ct);
        AssertCovered(mesh.Node(2));

        var reports = await PingWindow.DuringAsync(mesh, TimeSpan.FromSeconds(20), () => Task.CompletedTask, _ct);

        PingWindow.AssertLostAtMost(0, TimeSpan.FromSeconds(20), reports);
        await AssertReachableAsync(mesh);
        foreach (var node in mesh.Nodes) Assert.Equal("connected", (await node.StatusAsync(_ct)).Controller.State);
    }

    [Fact]
    public async Task Nat_TwoNodesBehindMasquerades_JoinAndReachAllDirectlyWhereTheOtherEndIsPublic()
    {
        await using var mesh = await LabMesh.StartAsync(Options(UnderlayKind.Nat), TimeProvider.System, new TestProgress(), _ct);
        await AssertReachableAsync(mesh);
        foreach (var hidden in (int[])[1, 2])
            await Until.NothingIsMissingAsync($"n{hidden} has a direct path to n3", TimeSpan.FromSeconds(20), async () =>
            {
                var peer = (await mesh.Node(hidden).StatusAsync(_ct)).Peers.Single(each => each.Hostname == "n3");
                return peer.Path == "direct" ? null : peer.Path;
            }, _ct);
    }

    private static LabOptions Options(UnderlayKind underlay) => new() { Prefix = LabPrefix.Next(), Nodes = 3, Underlay = underlay };

    private static int FilterStrictly()
    {
        foreach (var link in (string[])["all", "default", UnderlayPlanner.Uplink]) SysctlFile.Write(SysctlFile.InterfaceKey("ipv4", link, "rp_filter"), "1");
        return 0;
    }

    // Else the test would show nothing: the covering routes must stand where they could do harm.
    private static void AssertCovered(LabNode node)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        var learned = netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }).Select(route => route.Destination.ToString()).ToArray();
        Assert.All(Covering, prefix => Assert.Contains(prefix, learned));
    }

    private async Task AssertReachableAsync(LabMesh mesh)
    {
        using var checker = await mesh.CheckerAsync(_ct);
        var bad = (await checker.CheckAsync(_ct)).Where(pair => !pair.Ok).ToArray();
        Assert.True(bad.Length == 0, string.Join('\n', bad.AsEnumerable()));
    }
}
