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
    private readonly TemplateFiles _templates;
    private RoutingReconciler _reconciler;
    private SourceRouteDebt _debt = null!;
    private RoutingServer? _server;
    private RoutingState _state;
    private int _questions;
    private int _toggles;
    private bool _refusesToToggle;
    private string? _refusal;
    private string _refusedWord = "";

    public RoutingReconcilerTests()
    {
        _templates = new TemplateFiles(_directory);
        _reconciler = NewReconciler();
        Serve();
    }

    private RoutingReconciler NewReconciler() => new(new RoutingClient(SocketPath), FrrBackendConfig.Process, _templates, _debt = new SourceRouteDebt(_directory), _time);

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
    public async Task Reconcile_TemplateOfWhichNobodySaidThatItChanged_IsNotReadAgain()
    {
        await ReconcileAsync();
        await File.WriteAllTextAsync(Path.Combine(_directory, Extra), "{{ no_such_value }}");
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
    }

    [Fact]
    public async Task Reconcile_FrrRefusesALineOfATemplate_NamesFileAndLine()
    {
        await ReconcileAsync();
        await WriteAsync("! mine\nrouter bgp {{ asn }}\n bgp nonsense {{ asn }}");
        _refusal = "the rendered bgpd.conf has a line that FRR does not know: line 99: % Unknown command[37]:  bgp nonsense 4200000001";
        var said = Assert.Single((await ReconcileAsync()).Errors);
        Assert.Equal($"{Path.Combine(_directory, Extra)}(3): {_refusal}. FRR keeps its last configuration; correct the templates in {_directory}", said);
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
        Assert.Equal(("frr-configuration-refused", said), (Assert.Single(report.Findings).Kind.Code, report.Findings[0].Text));
        Assert.Equal(said, Assert.Single((await ReconcileAsync()).Errors));
        Assert.Equal(3, _applied.Count); // the first, the refused one, and again the first, to go on with

        _time.Advance(TimeSpan.FromSeconds(15));
        await ReconcileAsync();
        Assert.Equal(_applied[0], _applied[3]);
        Assert.Equal(4, _applied.Count);

        (_refusal, var before) = (null, _applied.Count);
        await WriteAsync("! mended");
        Assert.Equal(ComponentState.Ok, (await ReconcileAsync()).State);
        Assert.Equal(before + 1, _applied.Count);
    }

    [Theory]
    [InlineData("bgp nonsense")]
    [InlineData("{{ no_such_value }}")]
    public async Task Reconcile_TemplatesAreWrong_TheMapsChangesGoOnWithTheLastThatWereRight(string wrong)
    {
        await WriteAsync("! mine");
        await ReconcileAsync();
        (_refusal, _refusedWord) = ("bgpd refused its configuration: % Unknown command", "nonsense");
        await WriteAsync(wrong);
        await ReconcileAsync();

        var report = await _reconciler.ReconcileAsync(Plan(new NodeSettings(), nodes: 3), CancellationToken.None);

        Assert.Equal(ComponentState.Degraded, report.State);
        Assert.Contains("neighbor mo-00000003 interface", _applied[^1].Bgpd, StringComparison.Ordinal);
        Assert.EndsWith("! mine\n", _applied[^1].Bgpd, StringComparison.Ordinal);
        var count = _applied.Count;
        Assert.Empty((await _reconciler.ReconcileAsync(Plan(new NodeSettings(), nodes: 3), CancellationToken.None)).Changes);
        Assert.Equal(count, _applied.Count);

        await WriteAsync("! mended");
        Assert.Equal(ComponentState.Ok, (await _reconciler.ReconcileAsync(Plan(new NodeSettings(), nodes: 3), CancellationToken.None)).State);
        Assert.EndsWith("! mended\n", _applied[^1].Bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reconcile_TemplatesAreWrong_ANeighbourThatIsRemovedGoesAllTheSame()
    {
        var settings = new NodeSettings { Neighbors = [new ExternalNeighbor { Address = System.Net.IPAddress.Parse("203.0.113.1"), RemoteAs = new Asn(64512) }] };
        await _reconciler.ReconcileAsync(Plan(settings), CancellationToken.None);
        Assert.Contains("neighbor 203.0.113.1 remote-as", _applied[^1].Bgpd, StringComparison.Ordinal);
        await WriteAsync("{{ no_such_value }}");

        Assert.Equal(ComponentState.Degraded, (await _reconciler.ReconcileAsync(Plan(new NodeSettings()), CancellationToken.None)).State);
        Assert.DoesNotContain("203.0.113.1", _applied[^1].Bgpd, StringComparison.Ordinal);
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
        Assert.Equal("routing-silent", Assert.Single(report.Findings).Kind.Code);
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
        _debt.Owe();

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
        _debt.Owe();
        await ReconcileAsync();

        Serve();
        await ReconcileAsync();
        await ReconcileAsync();

        Assert.Equal(1, _toggles);
    }

    [Fact]
    public async Task Reconcile_SourceRoutesOwedByAFormerAgent_AreSetOnce()
    {
        await ReconcileAsync();
        _refusesToToggle = true;
        _debt.Owe();
        await ReconcileAsync();
        (_refusesToToggle, _toggles) = (false, 0);

        for (var agent = 0; agent < 2; agent++)
        {
            _reconciler = NewReconciler();
            await ReconcileAsync();
            await ReconcileAsync();
        }

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

    private async Task WriteAsync(string text)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, Extra), text + "\n");
        _templates.Forget();
    }

    private void Serve() => (_state, _server) = (RoutingState.Waiting, new RoutingServer(SocketPath, AnswerAsync, TimeProvider.System, NullLogger.Instance, CancellationToken.None));

    private async Task StopAsync()
    {
        if (_server is { } server)
            await server.DisposeAsync();
        _server = null;
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
        if (_refusal is not null && request.Config!.Bgpd.Contains(_refusedWord, StringComparison.Ordinal))
            throw new RoutingException(_refusal);
        (var former, _state) = (_state, RoutingState.Running);
        return Task.FromResult(new RoutingReply { Applied = new ApplyResult(Commands: 1, Restarted: former != RoutingState.Running) });
    }

    private static RoutingPlan Plan(NodeSettings settings, int nodes = 2) =>
        NodePlanner.Plan(TestMesh.Full(nodes), new NodeId(1), settings, new NodeCapabilities(), new NodeHealth()).ForRouting;
}
