using Meshover.Agent.Reconciling;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Mesh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>Against a routing socket that answers as <c>meshover routing</c> would, and runs no FRR.</summary>
public sealed class RoutingReconcilerTests : IAsyncDisposable
{
    private const string Extra = "bgpd.extra.conf.liquid";
    private static readonly TimeSpan Asked = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _time = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-routing").FullName;
    private readonly List<FrrConfig> _applied = [];
    private readonly RoutingReconciler _reconciler;
    private CancellationTokenSource? _serving;
    private Task _served = Task.CompletedTask;
    private RoutingState _state;
    private int _questions;
    private int _toggles;
    private bool _refusesToToggle;
    private string? _refusal;

    public RoutingReconcilerTests()
    {
        _reconciler = new RoutingReconciler(new RoutingClient(SocketPath), _directory, _time);
        Serve();
    }

    private string SocketPath => Path.Combine(_directory, "routing.sock");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Reconcile_FrrThatRunsNothing_IsGivenTheConfigurationOnce()
    {
        var report = await ReconcileAsync();
        Assert.Equal((ComponentState.Ok, "frr 8.4.4", "started FRR"), (report.State, report.Kind, Assert.Single(report.Changes)));
        Assert.Empty((await ReconcileAsync()).Changes);
        Assert.Contains("router bgp 4200000001", Assert.Single(_applied).Bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reconcile_ConfigurationLost_IsGivenAgain()
    {
        await ReconcileAsync();
        _time.Advance(Asked);
        _state = RoutingState.Waiting;
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
        Assert.Equal(2, _applied.Count);
    }

    [Fact]
    public async Task Reconcile_TemplateWithAnError_IsShownAndFrrIsLeftAloneUntilItIsMended()
    {
        await ReconcileAsync();
        await WriteAsync("{{ no_such_value }}");

        var report = await ReconcileAsync();

        Assert.Equal(ComponentState.Degraded, report.State);
        Assert.StartsWith($"{Path.Combine(_directory, Extra)}(1,", Assert.Single(report.Errors), StringComparison.Ordinal);
        Assert.NotNull(_reconciler.LastStatus);
        Assert.Single(_applied);

        await WriteAsync("! mine");
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
        Assert.EndsWith("! mine\n", _applied[1].Bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reconcile_FrrRefuses_IsShownAndTheSameWordsAreTriedAgainInAWhileOnly()
    {
        await ReconcileAsync();
        await WriteAsync("bgp nonsense");
        _refusal = "bgpd refused its configuration: % Unknown command";

        var report = await ReconcileAsync();
        var said = $"{_refusal}. FRR keeps its last configuration; correct the templates in {_directory}";
        Assert.Equal((ComponentState.Degraded, said), (report.State, Assert.Single(report.Errors)));
        Assert.Equal(said, Assert.Single((await ReconcileAsync()).Errors));
        Assert.Equal(2, _applied.Count);

        _time.Advance(TimeSpan.FromSeconds(15));
        await ReconcileAsync();
        Assert.Equal(3, _applied.Count);

        (_refusal, var before) = (null, _applied.Count);
        await WriteAsync("! mended");
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
        Assert.Equal(before + 1, _applied.Count);
    }

    [Fact]
    public async Task Reconcile_NobodyAnswers_IsToldAndTheSuccessorIsGivenTheConfigurationAtOnce()
    {
        await ReconcileAsync();
        await StopAsync();
        _time.Advance(Asked);
        var report = await ReconcileAsync();
        Assert.Equal(ComponentState.Starting, report.State);
        Assert.Contains("meshover routing does not answer", Assert.Single(report.Errors), StringComparison.Ordinal);
        Assert.Null(_reconciler.LastStatus);

        Serve();
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
        Assert.Equal(2, _applied.Count);
    }

    [Fact]
    public async Task Reconcile_FrrCannotRun_SaysEachReasonOnce()
    {
        await ReconcileAsync();
        _time.Advance(Asked);
        (_state, _refusal) = (RoutingState.Failed, "Another zebra runs here.");
        var report = await ReconcileAsync();
        Assert.Equal((ComponentState.Failed, _refusal), (report.State, Assert.Single(report.Errors)));
    }

    [Fact]
    public async Task Reconcile_AllIsRight_AsksFrrByTimeAndNotForEachPlan()
    {
        await ReconcileAsync();
        var before = _questions;
        for (var i = 0; i < 5; i++)
            await ReconcileAsync();
        Assert.Equal(before, _questions);

        _time.Advance(Asked);
        await ReconcileAsync();
        Assert.Equal(before + 1, _questions);
    }

    [Fact]
    public async Task Reconcile_SourceRoutesOwed_TriesUntilTheyAreSet()
    {
        await ReconcileAsync();
        Assert.Equal(0, _toggles);
        _refusesToToggle = true;
        _reconciler.OweSourceRoutes();

        var report = await ReconcileAsync();

        Assert.Equal(ComponentState.Degraded, report.State);
        Assert.EndsWith("FRR is starting", Assert.Single(report.Errors), StringComparison.Ordinal);
        _refusesToToggle = false;
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
        Assert.Equal(2, _toggles);
        await ReconcileAsync();
        Assert.Equal(2, _toggles);
    }

    [Fact]
    public async Task Reconcile_SourceRoutesOwedWhileNobodyAnswers_SetsThemWhenSomebodyDoes()
    {
        await ReconcileAsync();
        await StopAsync();
        _time.Advance(Asked);
        _reconciler.OweSourceRoutes();
        await ReconcileAsync();

        Serve();
        await ReconcileAsync();
        await ReconcileAsync();

        Assert.Equal(1, _toggles);
    }

    [Fact]
    public async Task Reconcile_NodeWithoutRouting_AsksNobody()
    {
        await StopAsync();
        var report = await _reconciler.ReconcileAsync(Plan(new NodeSettings { Routing = false }), CancellationToken.None);
        Assert.Equal(ComponentState.Off, report.State);
    }

    private Task<ReconcileReport> ReconcileAsync() => _reconciler.ReconcileAsync(Plan(new NodeSettings()), CancellationToken.None);

    private Task WriteAsync(string text) => File.WriteAllTextAsync(Path.Combine(_directory, Extra), text + "\n");

    private void Serve()
    {
        var server = new RoutingServer(SocketPath, AnswerAsync, TimeProvider.System, NullLogger.Instance);
        server.Listen();
        (_state, _serving) = (RoutingState.Waiting, new CancellationTokenSource());
        _served = RunAsync(server, _serving.Token);
    }

    private static async Task RunAsync(RoutingServer server, CancellationToken stop)
    {
        using (server)
            await server.RunAsync(stop, stop);
    }

    private async Task StopAsync()
    {
        await _serving!.CancelAsync();
        await _served;
    }

    private Task<RoutingReply> AnswerAsync(RoutingRequest request, CancellationToken ct)
    {
        if (request.Op == RoutingProtocol.ToggleSource)
        {
            _toggles++;
            return _refusesToToggle ? throw new RoutingException("FRR is starting") : Task.FromResult(new RoutingReply());
        }
        if (request.Op == RoutingProtocol.Status)
        {
            _questions++;
            string[] errors = _state == RoutingState.Failed ? [_refusal!] : [];
            return Task.FromResult(new RoutingReply { Status = new RoutingStatus { State = _state, FrrVersion = "8.4.4", Errors = [.. errors] } });
        }
        _applied.Add(request.Config!);
        if (_refusal is not null)
            throw new RoutingException(_refusal);
        (var former, _state) = (_state, RoutingState.Running);
        return Task.FromResult(new RoutingReply { Applied = new ApplyResult(Commands: 1, Restarted: former != RoutingState.Running) });
    }

    private static NodePlan Plan(NodeSettings settings) =>
        NodePlanner.Plan(TestMesh.Full(2), new NodeId(1), settings, new NodeCapabilities(), new NodeHealth());
}
