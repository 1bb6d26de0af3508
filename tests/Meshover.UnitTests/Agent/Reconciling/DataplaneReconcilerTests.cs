using System.Net;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Trust;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Agent.Endpoints;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class DataplaneReconcilerTests : IAsyncDisposable
{
    private static readonly IdentityKeeper Identity =
        new(new IdentityStore("/nonexistent"), IdentityFactory.Create("n2", TimeProvider.System), NullLogger.Instance);

    private readonly FakeEngine _engine = new();
    private readonly FakeMachine _machine = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private DataplaneReconciler _reconciler;

    public DataplaneReconcilerTests()
    {
        foreach (var link in (string[])["meshover0", "mo-00000001", "mo-00000003", "mo-00000004"])
            _machine.Add(link, "tun", LinkFlags.None);
        _reconciler = NewAgent();
    }

    public ValueTask DisposeAsync()
    {
        _machine.Dispose();
        return _engine.DisposeAsync();
    }

    [Fact]
    public async Task Reconcile_EngineThatRunsNothing_GetsTheWholePlan()
    {
        var report = await ReconcileAsync(TestMesh.Full(3));

        Assert.Equal((ComponentState.Ok, "userspace"), (report.State, report.Kind));
        Assert.Equal(["apply n1 n3"], _engine.TakeRequests());
        var config = _engine.Config!;
        Assert.Equal(("meshover0", 12912, 0x6du, 1420), (config.Interface, config.ListenPort, config.FirewallMark, config.Mtu));
        Assert.Equal(Identity.Current.WireGuardPrivateKey, Convert.ToBase64String(config.PrivateKey.Bytes));
        var peer = config.Peers[1];
        Assert.Equal([IPNetwork.Parse("198.18.0.3/32")], peer.AllowedIps);
        Assert.Equal(
            new LinkConfig { Name = "mo-00000003", Alias = "n3", Mtu = 1396, LocalTunnel = IPAddress.Parse("198.18.0.2"), RemoteTunnel = IPAddress.Parse("198.18.0.3") },
            peer.Link);
    }

    [Fact]
    public async Task Reconcile_NewPeers_OnlyThoseThatAreOursToCallHaveAnEndpoint()
    {
        await ReconcileAsync(TestMesh.Full(3));
        Assert.Equal([IPEndPoint.Parse("[2001:db8::1]:12912"), null], _engine.Config!.Peers.Select(peer => peer.Endpoint));
    }

    [Fact]
    public async Task Reconcile_NothingNew_ChangesNothing()
    {
        await ReconcileAsync(TestMesh.Full(3));
        _engine.TakeRequests();
        Assert.Empty((await ReconcileAsync(TestMesh.Full(3))).Changes);
        Assert.Empty(_engine.TakeRequests());
    }

    [Fact]
    public async Task Reconcile_PeersComeAndGo_SendsTheDifferenceAlone()
    {
        await ReconcileAsync(TestMesh.Full(3));
        _engine.TakeRequests();
        var report = await ReconcileAsync(TestMesh.Of(TestMesh.Node(2), TestMesh.Node(3), TestMesh.Node(4)));
        Assert.Equal(["update n4 without n1"], _engine.TakeRequests());
        Assert.Equal(["changed 1 peers, removed 1"], report.Changes);
    }

    [Fact]
    public async Task Reconcile_PeerRoamed_IsNotCalledBack()
    {
        await ReconcileAsync(TestMesh.Full(2));
        var roamed = IPEndPoint.Parse("203.0.113.9:4000");
        await _engine.Client.SetEndpointAsync(_engine.Config!.Peers[0].PublicKey, roamed, _ct);
        _engine.TakeRequests();

        await ReconcileAsync(TestMesh.Full(3));

        Assert.Equal(["update n3 without"], _engine.TakeRequests());
        Assert.Equal(roamed, _engine.Config!.Peers[0].Endpoint);
    }

    [Fact]
    public async Task Reconcile_AgentStartedAnew_AdoptsTheRunningEngineWithTheEndpointsThatWork()
    {
        await ReconcileAsync(TestMesh.Full(3));
        var roamed = IPEndPoint.Parse("203.0.113.9:4000");
        await _engine.Client.SetEndpointAsync(_engine.Config!.Peers[0].PublicKey, roamed, _ct);

        _reconciler = NewAgent();
        await ReconcileAsync(TestMesh.Full(3));

        Assert.Equal([roamed, null], _engine.Config!.Peers.Select(peer => peer.Endpoint));
    }

    [Fact]
    public async Task Reconcile_PeerChangesItsKey_StaysWhereItIs()
    {
        await ReconcileAsync(TestMesh.Full(2));
        var former = _engine.Config!.Peers[0].PublicKey;
        var roamed = IPEndPoint.Parse("203.0.113.9:4000");
        await _engine.Client.SetEndpointAsync(former, roamed, _ct);
        var second = TestMesh.Node(9).WireGuardKeys[0];

        await ReconcileAsync(TestMesh.Of(TestMesh.Node(1) with { WireGuardKeys = [second, .. TestMesh.Node(1).WireGuardKeys] }, TestMesh.Node(2)));

        var peer = Assert.Single(_engine.Config!.Peers);
        Assert.Equal((new WireGuardKey(second.Bytes), former, roamed), (peer.PublicKey, peer.OtherPublicKey, peer.Endpoint));
    }

    [Fact]
    public async Task Reconcile_LinkDeletedByHand_SendsTheWholeAgain()
    {
        await ReconcileAsync(TestMesh.Full(3));
        _engine.TakeRequests();
        _machine.Remove("mo-00000003");
        await ReconcileAsync(TestMesh.Full(3));
        Assert.Equal(["apply n1 n3"], _engine.TakeRequests());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reconcile_KeyOrPortSetByHand_SendsTheWholeAgain(bool isKey)
    {
        await ReconcileAsync(TestMesh.Full(3));
        _engine.TakeRequests();
        _engine.Config = isKey ? _engine.Config! with { PrivateKey = new WireGuardSecret(Enumerable.Repeat((byte)7, 32).ToArray()) } : _engine.Config! with { ListenPort = 4321 };

        await ReconcileAsync(TestMesh.Full(3));

        Assert.Equal(["apply n1 n3"], _engine.TakeRequests());
        Assert.Equal((Identity.Current.WireGuardPrivateKey, 12912), (Convert.ToBase64String(_engine.Config!.PrivateKey.Bytes), _engine.Config!.ListenPort));
    }

    [Fact]
    public async Task Reconcile_EngineGone_IsToldAndItsSuccessorGetsTheWhole()
    {
        await ReconcileAsync(TestMesh.Full(3));
        await _engine.StopAsync();

        var report = await ReconcileAsync(TestMesh.Full(3));
        Assert.Equal(ComponentState.Starting, report.State);
        Assert.Contains("`meshover up` starts it.", Assert.Single(report.Errors), StringComparison.Ordinal);

        _engine.Start();
        _engine.TakeRequests();
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync(TestMesh.Full(3))).State);
        Assert.Equal(["apply n1 n3"], _engine.TakeRequests());
    }

    [Fact]
    public async Task Reconcile_EngineRefuses_IsShownAndTriedAgain()
    {
        _engine.Refusal = ControlResponse.Fail(DataplaneError.Failed, "UDP port 12912 is in use.");
        var report = await ReconcileAsync(TestMesh.Full(3));
        Assert.Equal((ComponentState.Failed, "UDP port 12912 is in use."), (report.State, Assert.Single(report.Errors)));

        _engine.Refusal = null;
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync(TestMesh.Full(3))).State);
        Assert.NotNull(_engine.Config);
    }

    private DataplaneReconciler NewAgent() => new(_engine.Selection(_machine), _machine, Identity);

    private Task<ReconcileReport> ReconcileAsync(MeshMap map) =>
        _reconciler.ReconcileAsync(NodePlanner.Plan(map, new NodeId(2), new NodeSettings(), new NodeCapabilities(), new NodeHealth()).ForSystem, _ct);
}
