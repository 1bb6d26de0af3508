using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Reconciling;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class ReconcileWorkerTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Channel<AgentInput> _inputs = Channel.CreateUnbounded<AgentInput>();
    private readonly CancellationTokenSource _stop = new();
    private readonly ReconcileWorker _worker;
    private readonly Task _running;

    public ReconcileWorkerTests()
    {
        _worker = new ReconcileWorker([new Counting()], new ReconcileTimes(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1)), _inputs.Writer, NullLogger.Instance, _time)
        {
            Same = NodePlanChanges.SameForSystem,
        };
        _running = _worker.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
        _stop.Dispose();
    }

    [Fact]
    public async Task Post_PlanThatSaysTheSame_IsNoReasonForAPass()
    {
        _worker.Post(Plan(TestMesh.Full(3)));
        await PassAsync();
        _worker.Post(Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2), TestMesh.Node(3) with { Endpoints = [TestMesh.At("203.0.113.3:5")] })));
        _worker.Post(Plan(TestMesh.Full(4)));
        Assert.Equal(3, await PassAsync());
        Assert.False(_inputs.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Poke_SamePlan_IsPassedAgain()
    {
        _worker.Post(Plan(TestMesh.Full(3)));
        await PassAsync();
        _worker.Poke();
        Assert.Equal(2, await PassAsync());
    }

    /// <summary>How many peers the plan of the next pass has.</summary>
    private async Task<int> PassAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return int.Parse(Assert.IsType<AgentInput.Reconciled>(await _inputs.Reader.ReadAsync(limit.Token)).Report.Kind);
    }

    private static NodePlan Plan(MeshMap map) => NodePlanner.Plan(map, new(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());

    private sealed class Counting : IReconciler
    {
        public string Name => "counting";

        public Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken) =>
            Task.FromResult(new ReconcileReport { State = ComponentState.Ok, Kind = $"{plan.WireGuard.Peers.Length}" });
    }
}
