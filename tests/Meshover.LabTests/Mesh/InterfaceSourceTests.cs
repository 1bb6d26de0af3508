using System.Net;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// Addresses on <c>kube-lb0</c> as PureLB puts them there: with the subnet's length (aggregation "default") or as host addresses. A bridge stands in
/// for the dummy interface, which not every kernel has; IPv6 addresses need <c>nodad</c> on it, as a bridge without ports has no carrier.
/// </summary>
public sealed class InterfaceSourceTests
{
    private const string Source = "interface kube-lb0";
    private static readonly IPAddress Service = IPAddress.Parse("10.226.0.10");
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddressesOfPureLB_ComeAndGo_AndTrafficArrives()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var (node, far) = (mesh.Node(1), mesh.Node(3));
        await mesh.GrantAsync(1, "10.226.0.0/16", 32, _ct);
        await mesh.GrantAsync(1, "fd26::/64", 128, _ct);
        await mesh.GrantAsync(2, "10.226.1.0/24", 24, _ct);
        (await node.UpAsync(input: null, ["--announce-interfaces", "kube-lb0"], _ct)).Checked();
        await node.SaysAsync(Source, "there is no interface of that name; nothing is announced until it comes", _ct);

        await node.IpBatchAsync(["link add kube-lb0 type bridge", "address add 10.226.0.10/32 dev kube-lb0"], _ct);
        await node.SaysAsync(Source, "the interface is down; nothing is announced until it is up", _ct);
        await node.IpBatchAsync(["link set kube-lb0 up", "address add fd26::10/128 dev kube-lb0 nodad", "address add 10.226.1.7/24 dev kube-lb0"], _ct);
        await far.RoutedAsync(true, "10.226.0.10/32", "fd26::10/128", "10.226.1.0/24");
        using var echo = EchoSocket.Open(far.Workload, Service.AddressFamily, TimeProvider.System);
        await Until.NothingIsMissingAsync("the service answers a workload behind the far node", SourceBed.Patience, async () => await echo.EchoAsync(Service, TimeSpan.FromSeconds(1), _ct) is null ? "no answer" : null, _ct);
        Assert.Contains("unreachable 10.226.0.0/16", (await node.Machine.RunAsync("ip", ["route"], _ct)).Checked(), StringComparison.Ordinal);

        await ASubnetThatTwoNodesHaveIsNoConflictAsync(mesh);
        await WhatIsNotInUseIsLeftOutAsync(node, far);
        await AnInterfaceThatIsRenamedIsGoneAsync(node, far);
        (await node.MeshoverAsync(["down"], _ct)).Checked();
        await far.RoutedAsync(false, "10.226.0.10/32", "fd26::10/128");
        Assert.Contains("10.226.0.10", (await node.Machine.RunAsync("ip", ["address"], _ct)).Checked(), StringComparison.Ordinal); // PureLB's, not ours
    }

    private async Task ASubnetThatTwoNodesHaveIsNoConflictAsync(LabMesh mesh)
    {
        var second = mesh.Node(2);
        (await second.UpAsync(input: null, ["--announce-interfaces", "kube-lb0"], _ct)).Checked();
        await second.IpBatchAsync(["link add kube-lb0 type bridge", "link set kube-lb0 up", "address add 10.226.1.7/24 dev kube-lb0"], _ct);
        await second.SaysAsync(Source, "1 prefix", _ct);
        await Until.NothingIsMissingAsync("the far node goes by both", SourceBed.Patience, async () =>
            (await mesh.Node(3).Machine.RunAsync("ip", ["route", "show", "10.226.1.0/24"], _ct)).Checked() is var route && route.Split("nexthop").Length == 3 ? null : route, _ct);
        await Task.Delay(TimeSpan.FromSeconds(12), TimeProvider.System, _ct); // as often as conflicts are looked for
        Assert.DoesNotContain((await second.StatusAsync(_ct)).Notices, notice => notice.Contains("is not used", StringComparison.Ordinal));
    }

    private async Task WhatIsNotInUseIsLeftOutAsync(LabNode node, LabNode far)
    {
        await node.IpBatchAsync(["address add fd26::11/128 dev kube-lb0 nodad preferred_lft 0", "address add 10.226.0.11/32 dev kube-lb0"], _ct);
        await far.RoutedAsync(true, "10.226.0.11/32");
        // The bridge without carrier has no link-local address of its own.
        await node.SaysAsync(Source, "4 prefixes; left out: deprecated or tentative (1)", _ct);
        await far.RoutedAsync(false, "fd26::11/128");
        await node.IpBatchAsync(["address del 10.226.0.11/32 dev kube-lb0", "address del fd26::11/128 dev kube-lb0"], _ct);
        await far.RoutedAsync(false, "10.226.0.11/32");
    }

    private async Task AnInterfaceThatIsRenamedIsGoneAsync(LabNode node, LabNode far)
    {
        await node.IpBatchAsync(["link set kube-lb0 down", "link set kube-lb0 name other0", "link set other0 up"], _ct);
        await far.RoutedAsync(false, "10.226.0.10/32");
        await node.IpBatchAsync(["link set other0 down", "link set other0 name kube-lb0", "link set kube-lb0 up"], _ct);
        await far.RoutedAsync(true, "10.226.0.10/32");
        await node.IpBatchAsync(["address add fd26::10/128 dev kube-lb0 nodad"], _ct); // it went when the interface went down
        await far.RoutedAsync(true, "fd26::10/128");
        await node.IpAsync("link del kube-lb0", _ct);
        await far.RoutedAsync(false, "10.226.0.10/32", "fd26::10/128");
        await node.IpBatchAsync(["link add kube-lb0 type bridge", "link set kube-lb0 up", "address add 10.226.0.10/32 dev kube-lb0", "address add fd26::10/128 dev kube-lb0 nodad"], _ct);
        await far.RoutedAsync(true, "10.226.0.10/32", "fd26::10/128");
    }
}
