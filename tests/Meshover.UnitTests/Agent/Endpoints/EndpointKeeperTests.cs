using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Trust;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Endpoints;

/// <summary>Node 3 of a mesh, which calls nodes 1 and 2 first as their ids are smaller.</summary>
public sealed class EndpointKeeperTests : IAsyncDisposable
{
    private readonly SettableClock _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeEngine _engine = new();
    private readonly FakeMachine _machine = new();
    private readonly Channel<AgentInput> _inputs = Channel.CreateUnbounded<AgentInput>();
    private readonly CancellationTokenSource _stop = new();
    private readonly EndpointKeeper _keeper;
    private readonly DataplaneReconciler _reconciler;
    private readonly Task _running;

    public EndpointKeeperTests()
    {
        var identity = new IdentityKeeper(new IdentityStore("/nonexistent"), IdentityFactory.Create("n3", _time), NullLogger.Instance);
        _reconciler = new DataplaneReconciler(_engine.Selection(_machine), _machine, identity);
        _keeper = new EndpointKeeper(_engine.Selection(_machine).Chosen, _inputs.Writer, NullLogger.Instance, _time);
        _running = _keeper.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
        _stop.Dispose();
        _machine.Dispose();
        await _engine.DisposeAsync();
    }

    [Fact]
    public async Task Run_SilentPeer_IsCalledAtItsBestEndpointAndThenAtTheOther()
    {
        await PlanAsync(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(3)));
        Assert.Equal(["call n1 at [2001:db8::1]:12912", "call n1 at 192.0.2.1:12912"], await CallsAsync(seconds: 8));
    }

    [Fact]
    public async Task Run_ClockIsSetBack_GoesOnTrying()
    {
        await PlanAsync(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(3)));
        Assert.Equal(["call n1 at [2001:db8::1]:12912"], await CallsAsync(seconds: 2));
        _time.SetBack(TimeSpan.FromHours(9));
        Assert.Equal(["call n1 at 192.0.2.1:12912"], await CallsAsync(seconds: 6));
    }

    [Fact]
    public async Task Run_PeerThatIsHeard_IsLeftWhereItIs()
    {
        await PlanAsync(TestMesh.Full(3));
        foreach (var peer in _engine.Config!.Peers)
            _engine.HeardAgoMs[peer.PublicKey] = (long)EndpointChooser.WorkingFor.TotalMilliseconds - 1;
        Assert.Empty(await CallsAsync(seconds: 30));
    }

    [Fact]
    public async Task Run_PeerFallsSilent_IsCalledInTheOtherFamilyAtOnce()
    {
        await PlanAsync(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(3)));
        var key = _engine.Config!.Peers[0].PublicKey;
        _engine.HeardAgoMs[key] = 6_000;
        await CallsAsync(seconds: 2);
        _engine.HeardAgoMs[key] = (long)EndpointChooser.WorkingFor.TotalMilliseconds;
        Assert.Equal(["call n1 at 192.0.2.1:12912"], await CallsAsync(seconds: 1));
    }

    [Fact]
    public async Task Post_WayToAPeerIsGone_CallsItByTheOtherFamilyBeforeTheSecondIsOver()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(3));
        await PlanAsync(map);
        _engine.HeardAgoMs[_engine.Config!.Peers[0].PublicKey] = 6_000;
        await CallsAsync(seconds: 2);

        _keeper.Post(Plan(map, new NodeHealth { HasIPv6 = false, Routes = UnderlayRoutes.To([System.Net.IPNetwork.Parse("192.0.2.0/24")]) }));

        await SeenAsync();
        Assert.Equal(["call n1 at 192.0.2.1:12912"], _engine.TakeRequests());
        Assert.Empty(await CallsAsync(seconds: 3));
    }

    [Fact]
    public async Task Run_AllPeersAreHeardLately_LooksLessOften_UntilOneIsNot()
    {
        await PlanAsync(TestMesh.Full(3));
        foreach (var peer in _engine.Config!.Peers)
            _engine.HeardAgoMs[peer.PublicKey] = 0;
        await SecondAsync();
        await QuietSecondsAsync();
        _engine.HeardAgoMs[_engine.Config!.Peers[1].PublicKey] = 6_000;
        await QuietSecondsAsync();
        await SecondAsync();
        await SecondAsync();
    }

    // Two seconds in which it does not look, and the third.
    private async Task QuietSecondsAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            Assert.False(_inputs.Reader.TryPeek(out _));
        }
        await SecondAsync();
    }

    [Fact]
    public async Task Run_OnePeerCannotBeCalled_TheOthersAreAllTheSame()
    {
        await PlanAsync(TestMesh.Full(3));
        _engine.Refusal = new ControlResponse { Error = "No such peer." };
        Assert.Equal(["call n1 at [2001:db8::1]:12912", "call n2 at [2001:db8::2]:12912"], await CallsAsync(seconds: 1));
    }

    [Fact]
    public async Task Run_PeerThatLeftAndCameBack_IsANewOne()
    {
        await PlanAsync(TestMesh.Full(3));
        await CallsAsync(seconds: 60); // its tries are ten seconds apart now
        await PlanAsync(TestMesh.Of(TestMesh.Node(2), TestMesh.Node(3)));
        await CallsAsync(seconds: 1);
        await PlanAsync(TestMesh.Full(3));
        Assert.Contains("call n1 at [2001:db8::1]:12912", await CallsAsync(seconds: 1));
    }

    [Fact]
    public async Task Run_EachSecond_TellsTheLoopWhatTheEngineSaysAndThatItDoesNotAnswer()
    {
        await PlanAsync(TestMesh.Full(3));
        Assert.Equal(2, (await SecondAsync())!.Peers.Length);
        await _engine.StopAsync();
        Assert.Null(await SecondAsync());
        _engine.Start();
        Assert.Empty((await SecondAsync())!.Peers);
    }

    /// <summary>The data plane is given the plan, too: the keeper calls only peers that it has.</summary>
    private async Task PlanAsync(MeshMap map)
    {
        var plan = Plan(map, new NodeHealth());
        await _reconciler.ReconcileAsync(plan.ForSystem, CancellationToken.None);
        _keeper.Post(plan);
        _engine.TakeRequests();
    }

    private static NodePlan Plan(MeshMap map, NodeHealth health) => NodePlanner.Plan(map, new NodeId(3), new NodeSettings(), new NodeCapabilities(), health);

    private async Task<string[]> CallsAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
            await SecondAsync();
        return _engine.TakeRequests();
    }

    private async Task<DataplaneStatus?> SecondAsync()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return await SeenAsync();
    }

    private async Task<DataplaneStatus?> SeenAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return Assert.IsType<AgentInput.DataplaneSeen>(await _inputs.Reader.ReadAsync(limit.Token)).Status;
    }
}
