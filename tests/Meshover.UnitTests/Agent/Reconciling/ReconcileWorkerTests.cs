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
    private readonly ReconcileWorker<SystemPlan> _worker;
    private readonly Task _running;
    private TaskCompletionSource? _hold;

    public ReconcileWorkerTests()
    {
        var times = new ReconcileTimes(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1));
        _worker = new ReconcileWorker<SystemPlan>([new Counting()], times, _inputs.Writer, NullLogger.Instance, _time) { BeforePass = _ => _hold?.Task ?? Task.CompletedTask };
        _running = _worker.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
        _stop.Dispose();
    }

    [Fact]
    public async Task Post_GenerationThatWasPosted_IsNoReasonForAPassAndIsTakenByTheNext()
    {
        _worker.Post(Plan(TestMesh.Full(3)), 1);
        Assert.Equal((2, 1), await PassAsync());
        _worker.Post(Plan(TestMesh.Full(5)), 1);
        Assert.False(_inputs.Reader.TryRead(out _));
        _worker.Post(Plan(TestMesh.Full(4)), 2);
        Assert.Equal((3, 2), await PassAsync());
        Assert.False(_inputs.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Poke_SamePlan_IsPassedAgain()
    {
        _worker.Post(Plan(TestMesh.Full(3)), 1);
        await PassAsync();
        _worker.Poke();
        Assert.Equal((2, 1), await PassAsync());
    }

    [Fact]
    public async Task WaitForPass_OfWhatIsPostedByNow_EndsWithItsPass()
    {
        await _worker.WaitForPassAsync(_stop.Token);
        _hold = new TaskCompletionSource();
        _worker.Post(Plan(TestMesh.Full(3)), 1);
        var waiting = _worker.WaitForPassAsync(_stop.Token);
        Assert.False(waiting.IsCompleted);
        _hold.SetResult();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, _stop.Token);
    }

    /// <summary>How many peers the plan of the next pass has, and its generation.</summary>
    private async Task<(int Peers, long Generation)> PassAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        var pass = Assert.IsType<AgentInput.Reconciled>(await _inputs.Reader.ReadAsync(limit.Token));
        return (int.Parse(pass.Report.Kind), pass.Generation);
    }

    private static SystemPlan Plan(MeshMap map) => NodePlanner.Plan(map, new(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth()).ForSystem;

    private sealed class Counting : IReconciler<SystemPlan>
    {
        public string Name => "counting";

        public Task<ReconcileReport> ReconcileAsync(SystemPlan plan, CancellationToken cancellationToken) =>
            Task.FromResult(new ReconcileReport { State = ComponentState.Ok, Kind = $"{plan.WireGuard.Peers.Length}" });
    }
}
