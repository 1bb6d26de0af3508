using System.Net;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;

namespace Meshover.LabTests.Mesh;

/// <summary>Something of a running node goes away: a family of addresses, an interface, the machine itself.</summary>
public sealed class LostWayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task IPv6SwitchedOff_OnARunningNode_TheOtherFamilyIsInUseWithinASecond()
    {
        await using var mesh = await LabMesh.StartAsync(Options(UnderlayKind.Flat, nodes: 3), TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        foreach (var peer in (await mesh.Node(1).StatusAsync(_ct)).Peers) Assert.StartsWith("[2001:db8::", peer.Endpoint, StringComparison.Ordinal);

        var reports = await PingWindow.DuringAsync(mesh, TimeSpan.FromSeconds(12), () =>
        {
            mesh.Node(1).Machine.InNetwork(() =>
            {
                SysctlFile.Write(SysctlFile.InterfaceKey("ipv6", UnderlayPlanner.Uplink, "disable_ipv6"), "1");
                return 0;
            });
            return Task.CompletedTask;
        }, _ct);

        Assert.All(reports, report => Assert.True(report.LongestGap < TimeSpan.FromSeconds(1), report.ToString()));
        foreach (var peer in (await mesh.Node(1).StatusAsync(_ct)).Peers) Assert.StartsWith("192.0.2.", peer.Endpoint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InterfaceOfAnAnnouncedPrefixDown_NothingIsForwardedByTheDefaultAndThePrefixIsBackWithIt()
    {
        await using var mesh = await LabMesh.StartAsync(Options(UnderlayKind.Routed, nodes: 2), TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var lan = IPNetwork.Parse(AddressPlan.Announced(1)[0]);
        using var announcer = RouteNetlink.OpenIn(mesh.Node(1).Machine.NetworkPath);
        using var other = RouteNetlink.OpenIn(mesh.Node(2).Machine.NetworkPath);
        Assert.Contains(announcer.GetRoutes(), route => route.Destination == lan && route.Kind == RouteKind.Unreachable); // it stands before it is needed
        Assert.True(IsLearned(other, lan));

        announcer.SetLink(UnderlayPlanner.WorkloadInterface, new LinkChange { Up = false });

        await Until.NothingIsMissingAsync("the prefix is withdrawn", Patience, () => Task.FromResult(IsLearned(other, lan) ? "n2 still has the route" : null), _ct);
        Assert.Equal([RouteKind.Unreachable], announcer.GetRoutes().Where(route => route.Destination == lan).Select(route => route.Kind));
        Assert.Contains((await mesh.Node(1).StatusAsync(_ct)).Notices, notice => notice.Contains($"{UnderlayPlanner.WorkloadInterface} is down", StringComparison.Ordinal));

        announcer.SetLink(UnderlayPlanner.WorkloadInterface, new LinkChange { Up = true });
        await Until.NothingIsMissingAsync("the prefix is back", Patience, () => Task.FromResult(IsLearned(other, lan) ? null : "n2 has no route"), _ct);
    }

    [Fact]
    public async Task MachineIsOff_TheOthersShowItAsThatAndAreWell()
    {
        await using var mesh = await LabMesh.StartAsync(Options(UnderlayKind.Flat, nodes: 3), TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);

        using (var switchboard = RouteNetlink.OpenIn(mesh.Node(3).Machine.NetworkPath))
            switchboard.SetLink(UnderlayPlanner.Uplink, new LinkChange { Up = false });

        await Until.NothingIsMissingAsync("n1 shows n3 as off", Patience, async () =>
        {
            var status = await mesh.Node(1).StatusAsync(_ct);
            var path = status.Peers.Single(peer => peer.Hostname == "n3").Path;
            return path == "none" && status.State == "up" ? null : $"{status.State}, path {path}";
        }, _ct);
        var up = await mesh.Node(1).UpAsync(input: null, [], _ct);
        up.Checked();
        Assert.Contains("Nothing is heard from n3", up.Output + up.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneHostWithJumboFrames_LinksFitTheSmallerEndUntilTheOtherHasThem()
    {
        await using var mesh = await LabMesh.StartAsync(Options(UnderlayKind.Flat, nodes: 2), TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        using var first = RouteNetlink.OpenIn(mesh.Node(1).Machine.NetworkPath);
        using var second = RouteNetlink.OpenIn(mesh.Node(2).Machine.NetworkPath);

        first.SetLink(UnderlayPlanner.Uplink, new LinkChange { Mtu = 9000 });
        await Until.NothingIsMissingAsync("n1 has seen its MTU", Patience, () => Task.FromResult(MtuOf(first, "meshover0") is var mtu and not 8920 ? $"{mtu}" : null), _ct);
        Assert.Equal((1396, 1396), (MtuOf(first, "mo-"), MtuOf(second, "mo-")));

        second.SetLink(UnderlayPlanner.Uplink, new LinkChange { Mtu = 9000 });
        await Until.NothingIsMissingAsync("both links are large", Patience, () =>
            Task.FromResult((MtuOf(first, "mo-"), MtuOf(second, "mo-")) is var mtus && mtus != (8896, 8896) ? $"{mtus}" : null), _ct);
    }

    private static LabOptions Options(UnderlayKind underlay, int nodes) => new() { Prefix = LabPrefix.Next(), Nodes = nodes, Underlay = underlay };

    private static bool IsLearned(RouteNetlink netlink, IPNetwork prefix) =>
        netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }).Any(route => route.Destination == prefix);

    private static int MtuOf(RouteNetlink netlink, string prefix) =>
        netlink.GetLinks().First(link => link.Name.StartsWith(prefix, StringComparison.Ordinal)).Mtu;
}
