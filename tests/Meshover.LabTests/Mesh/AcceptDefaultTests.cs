using System.Net;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>A default route that is granted to a node, and another node beside it.</summary>
public sealed class AcceptDefaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly IPNetwork Default = IPNetwork.Parse("0.0.0.0/0");
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task DefaultRouteOfAPeer_IsTakenWhereTheOperatorWantsIt_AndGivesWayToTheMachinesOwn()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2, Underlay = UnderlayKind.Flat }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var node = mesh.Node(1);
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        var link = (await node.StatusAsync(_ct)).Peers.Single().Link;
        (await mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["grant", "add", "n2", "0.0.0.0/0"], _ct)).Checked();
        (await mesh.Node(2).UpAsync(input: null, ["--announce", string.Join(',', [.. AddressPlan.Announced(2), "0.0.0.0/0"])], _ct)).Checked();
        await Until.NothingIsMissingAsync("the peer tells its default route", Patience, async () =>
            (await node.MeshoverAsync(["vtysh", "-c", $"show bgp ipv4 unicast neighbors {link} received-routes"], _ct)).Checked() is var told
                && told.Contains("0.0.0.0/0", StringComparison.Ordinal) ? null : told, _ct);
        Assert.False(IsTaken(netlink));

        (await node.UpAsync(input: null, ["--accept-default", "true"], _ct)).Checked();
        await Until.NothingIsMissingAsync("it is taken", Patience, () => Task.FromResult(IsTaken(netlink) ? null : "there is none"), _ct);
        await mesh.SettledAsync(_ct);

        netlink.ReplaceRoute(new RouteInfo { Destination = Default, Gateway = AddressPlan.Controller4, Protocol = RouteProtocols.Static, Metric = 100 });
        await Until.NothingIsMissingAsync("the machine's own comes first, which is said", Patience, async () =>
            (await node.StatusAsync(_ct)).Notices is var notices && notices.Any(notice => notice.Contains("route to 0.0.0.0/0 is not used", StringComparison.Ordinal))
                ? null
                : string.Join(' ', notices), _ct);
        Assert.False(IsTaken(netlink));
    }

    private static bool IsTaken(RouteNetlink netlink) => netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }).Any(route => route.Destination == Default);
}
