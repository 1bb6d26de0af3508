using System.Globalization;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Mesh;

/// <summary>What dies, and what the workloads notice of it. One mesh; faults that must not be noticed share a window of pings.</summary>
public sealed class FaultTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mesh_WholeControlSideKilled_LosesNoPacketAndAgentIsBackByItself()
    {
        await _mesh.SettledAsync(_ct);
        ProcessIdentity? agent = null;
        var reports = await PingWindow.DuringAsync(_mesh, PingWindow.Length, async () =>
        {
            agent = _mesh.Node(1).Kill("agent");
            await SecondsAsync(4);
            _mesh.Node(2).Kill("routing");
            await SecondsAsync(4);
            _mesh.Node(3).Kill("run");
            await SecondsAsync(4);
            _mesh.Controller.Kill();
        }, _ct);

        PingWindow.AssertLostAtMost(0, PingWindow.Length, reports);
        Assert.True(_mesh.Node(1).Find("agent") is { } now && now != agent, "the agent of n1 is not back");
        Assert.NotNull(_mesh.Node(2).Find("routing"));
        await ReviveAsync();
    }

    [Fact]
    public Task Frr_ZebraThenBgpdKilled_LoseAtMostOnePacketEach() => FrrKilledAsync(["zebra"], ["bgpd"]);

    [Fact]
    public Task Frr_BfddThenAllKilled_LoseAtMostOnePacketEach() => FrrKilledAsync(["bfdd"], NodeDaemons.Frr);

    // Two nodes' FRR, far enough apart in time that one is whole again before the other goes; each pair may lose one packet for each.
    private async Task FrrKilledAsync(IReadOnlyList<string> onFirst, IReadOnlyList<string> onSecond)
    {
        await _mesh.SettledAsync(_ct);
        var reports = await PingWindow.DuringAsync(_mesh, PingWindow.Length, () =>
        {
            _mesh.Node(1).KillFrr(onFirst);
            return Task.CompletedTask;
        }, _ct);
        PingWindow.AssertLostAtMost(1, PingWindow.Length, reports);
        await _mesh.SettledAsync(_ct);

        reports = await PingWindow.DuringAsync(_mesh, PingWindow.Length, () =>
        {
            _mesh.Node(2).KillFrr(onSecond);
            return Task.CompletedTask;
        }, _ct);
        PingWindow.AssertLostAtMost(1, PingWindow.Length, reports);
        foreach (var node in _mesh.Nodes) AssertOneRouteEach(node);
    }

    [Fact]
    public async Task Dataplane_KilledWhileAgentIsDead_EveryPairAgainWithin3Seconds()
    {
        await _mesh.SettledAsync(_ct);
        using var agentIsBack = new CancellationTokenSource();
        var reports = await PingWindow.DuringAsync(_mesh, TimeSpan.FromSeconds(15), async () =>
        {
            var dead = _mesh.Node(1).KeepDeadAsync("agent", agentIsBack.Token);
            await SecondsAsync(1);
            _mesh.Node(1).Kill("dataplane");
            await SecondsAsync(8);
            await agentIsBack.CancelAsync();
            await dead;
        }, _ct);

        Assert.All(reports, report => Assert.True(report.LongestGap < TimeSpan.FromSeconds(3), report.ToString()));
        Assert.Contains(reports, report => report.Lost.Length > 0);
    }

    [Fact]
    public async Task Link_CutBetweenTwoNodes_HealsThroughTransitWithin1500Milliseconds()
    {
        await _mesh.SettledAsync(_ct);
        Cut? cut = null;
        var reports = await PingWindow.DuringAsync(_mesh, TimeSpan.FromSeconds(12), async () =>
        {
            cut = await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: false, _ct);
        }, _ct);
        await using var mend = cut;

        Assert.All(reports, report => Assert.True(report.LongestGap < TimeSpan.FromSeconds(1.5), report.ToString()));
        Assert.Contains(reports, report => report.Lost.Length > 0);
        Assert.Equal("transit", (await PeerAsync(_mesh.Node(1), "n2")).Path);
    }

    [Fact]
    public async Task Underlay_OnlyIPv6CutBetweenTwoNodes_UsesIPv4Within25Seconds()
    {
        await _mesh.SettledAsync(_ct);
        await using var cut = await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: true, _ct);
        await Until.NothingIsMissingAsync("n1 reaches n2 over IPv4", TimeSpan.FromSeconds(25), async () =>
        {
            var peer = await PeerAsync(_mesh.Node(1), "n2");
            return peer.Endpoint?.StartsWith("192.0.2.2:", StringComparison.Ordinal) == true && peer.Path == "direct"
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"endpoint {peer.Endpoint}, {peer.Path}");
        }, _ct);
    }

    // Nothing in the lab watches the controller and `meshover run`; on a real machine systemd would.
    private async Task ReviveAsync()
    {
        _mesh.Controller.Serve();
        await _mesh.Controller.WaitAsync(_ct);
        (await _mesh.Node(3).UpAsync(input: null, [], _ct)).Checked();
    }

    // What a zebra of before left beside the route of the present one would stay when the path changes, and swallow packets then.
    private static void AssertOneRouteEach(LabNode node)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        var twice = netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }).GroupBy(route => route.Destination).Where(group => group.Count() > 1);
        Assert.Empty(twice.SelectMany(group => group).Select(route => $"{node.Machine.Name}: {route}"));
    }

    private async Task<PeerState> PeerAsync(LabNode node, string peer) => (await node.StatusAsync(_ct)).Peers.Single(each => each.Hostname == peer);

    private Task SecondsAsync(int seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, _ct);
}
