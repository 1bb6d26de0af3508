using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// A mesh that a real Prometheus scrapes: it runs on n1, reaches the agents by their addresses in the mesh and the controller on the underlay, and has the
/// rules of deploy/prometheus.
/// </summary>
public sealed partial class MonitoringTests : IAsyncLifetime
{
    private const int AgentPort = 12916;
    private const int SigStop = 19;
    private const int SigCont = 18;
    private const string Prometheus = "http://127.0.0.1:9090";
    private const string FrrExporter = "127.0.0.1:9342";
    private const string Gathered = "10.66.0.0/16";
    private const string Folder = "/run/prometheus-test";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private LabMesh _mesh = null!;
    private readonly List<Process> _programs = [];

    private static string Deploy => Path.GetFullPath(Path.Combine(Here(), "../../../deploy"));

    public async ValueTask InitializeAsync()
    {
        _mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, _ct);
        try
        {
            await StartAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task StartAsync()
    {
        await _mesh.Controller.InitAsync(_ct);
        await File.AppendAllTextAsync(_mesh.Controller.Machine.Disk("/etc/meshover/controller.yaml"), $"metricsListen: {AddressPlan.Controller4}:12915\n", _ct);
        _mesh.Controller.Serve();
        await _mesh.Controller.WaitAsync(_ct);
        await _mesh.JoinAllAsync(new TestProgress(), _ct);
        await _mesh.SettledAsync(_ct);
        (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["grant", "add", "n2", Gathered, "--gather"], _ct)).Checked();
        var agents = new List<string>();
        foreach (var node in _mesh.Nodes)
        {
            agents.Add($"{(await node.StatusAsync(_ct)).Numbers.Address4}:{AgentPort}");
            string[] gathers = node.Number == 2 ? ["--gather", Gathered] : [];
            (await node.UpAsync(input: null, ["--metrics-listen", agents[^1], .. gathers], _ct)).Checked();
        }
        await StartPrometheusAsync(agents);
        await _mesh.SettledAsync(_ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs)
        {
            program.Kill(entireProcessTree: true);
            await program.WaitForExitAsync(CancellationToken.None);
            program.Dispose();
        }
        _programs.Clear();
        if (_mesh is not null)
            await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task Mesh_IsSeen_AndEveryQueryOfEveryDashboardAndRuleHasRows_AndNothingIsCalledLostByMistake()
    {
        await Until.NothingIsMissingAsync("all is scraped, and all nodes are ok", Patience, async () =>
            await QueryAsync("sum(up) == 5 and sum(meshover_nodes{state=\"ok\"}) == 3") is "" ? await QueryAsync("up or meshover_nodes or meshover_node_state") : null, _ct);
        Assert.All(await Task.WhenAll(_mesh.Nodes.Select(node => node.StatusAsync(_ct))), status => Assert.DoesNotContain(status.Notices, notice => notice.Contains("etrics", StringComparison.Ordinal)));

        await Until.NothingIsMissingAsync("another's exporter tells of FRR's sessions", Patience, async () =>
            await QueryAsync("min(frr_collector_up) == 1 and on () count(frr_bgp_peer_state{peer=~\"mo-.*\"} == 1) == 2") is "" ? await QueryAsync("frr_collector_up or frr_bgp_peer_state") : null, _ct);

        var queries = Dashboards().Concat(Records()).Concat(Selectors()).Distinct().ToList();
        Assert.InRange(queries.Count, 60, 500);
        await Until.NothingIsMissingAsync("every query has rows", Patience, async () =>
        {
            var empty = new List<string>();
            foreach (var query in queries)
            {
                if (await QueryAsync(query) is "")
                    empty.Add(query);
            }
            return empty.Count == 0 ? null : string.Join('\n', empty);
        }, _ct);
        Assert.Equal("", await QueryAsync("ALERTS{alertstate=\"firing\"}"));
        await GraphIsWholeAsync();
        await AgentMayStartAnewAsync();
        await DataplaneMayStartAnewAsync();
        await ControllerMayStartAnewAsync();
        await SilentNodeIsNamedByItsPeersAsync();
    }

    private async Task GraphIsWholeAsync()
    {
        string data = "";
        // Round trips come with the next summary.
        await Until.NothingIsMissingAsync("each link has its round trip", Patience, () => Task.FromResult((data = Get("/api/graph/data")).Contains("\"secondaryStat\":\"\"", StringComparison.Ordinal) ? data : null), _ct);
        using var graph = JsonDocument.Parse(data);
        var ids = graph.RootElement.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("id").GetString()).ToHashSet();
        var edges = graph.RootElement.GetProperty("edges").EnumerateArray().ToList();
        Assert.Equal((3, 3), (ids.Count, edges.Count));
        Assert.All(edges, edge =>
        {
            Assert.Contains(edge.GetProperty("source").GetString(), ids);
            Assert.Contains(edge.GetProperty("target").GetString(), ids);
            Assert.Equal("up", edge.GetProperty("mainStat").GetString());
            Assert.EndsWith(" ms", edge.GetProperty("secondaryStat").GetString(), StringComparison.Ordinal);
        });
        JsonDocument.Parse(Get("/api/graph/fields")).Dispose();
        Assert.Equal("{\"status\":\"ok\"}", Get("/api/health"));
    }

    // HttpClient connects on other threads, which are in no network of ours.
    private string Get(string path) => _mesh.Controller.Machine.InNetwork(() =>
    {
        using var client = new TcpClient();
        client.Connect(AddressPlan.Controller4, 12915);
        client.GetStream().Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: controller\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        var answer = reader.ReadToEnd();
        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    });

    // Its counters begin at zero with it. What the data plane, which goes on, had counted before is not counted again.
    private async Task AgentMayStartAnewAsync()
    {
        var agent = $"{{instance=\"{(await _mesh.Node(2).StatusAsync(_ct)).Numbers.Address4}:{AgentPort}\"}}";
        var before = await NumberAsync($"meshover_receive_bytes_total{agent}");
        var killed = _mesh.Node(2).Kill("agent");
        await Until.NothingIsMissingAsync("the agent is back", Patience, () => Task.FromResult(_mesh.Node(2).Find("agent") is { } now && now != killed ? null : "no agent"), _ct);
        await _mesh.SettledAsync(_ct);
        await Until.NothingIsMissingAsync("the agent's counters begin anew", Patience, async () => await QueryAsync($"resets(meshover_receive_bytes_total{agent}[5m]) == 1") is "" ? "no reset" : null, _ct);
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, _ct);
        Assert.InRange(await NumberAsync($"meshover_receive_bytes_total{agent}"), 0, before);
        Assert.Equal("", await QueryAsync($"resets(meshover_receive_bytes_total{agent}[5m]) > 1 or increase(meshover_frr_restarts_total{agent}[5m]) > 0"));
    }

    // Its counters begin at zero; the agent's do not.
    private async Task DataplaneMayStartAnewAsync()
    {
        // Those of the agent that was started anew.
        var resets = await NumberAsync("sum(resets(meshover_receive_bytes_total[5m])) + sum(resets(meshover_peer_receive_bytes_total[5m]))");
        _mesh.Node(2).Kill("dataplane");
        await _mesh.SettledAsync(_ct);
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, _ct);
        Assert.Equal(resets, await NumberAsync("sum(resets(meshover_receive_bytes_total[5m])) + sum(resets(meshover_peer_receive_bytes_total[5m]))"));
    }

    private async Task ControllerMayStartAnewAsync()
    {
        // One that cannot come back at once is told as what it was known to be.
        var held = _mesh.Node(3).Find("agent") ?? throw new LabException("n3 has no agent");
        held.Signal(SigStop);
        try
        {
            _mesh.Controller.Kill();
            _mesh.Controller.Serve();
            await _mesh.Controller.WaitAsync(_ct);
            await Until.NothingIsMissingAsync("how n3 stood before is told", Patience, async () =>
                await QueryAsync("meshover_node_last_known_state{node=\"n3\"} == 4 and on (node) meshover_node_state == 0 and on (node) meshover_node_heard_age_seconds > 0") is ""
                    ? await QueryAsync("meshover_node_last_known_state or meshover_node_state or meshover_node_heard_age_seconds") : null, _ct);
            var listed = (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["node", "show", "n3"], _ct)).Checked();
            Assert.Matches(@"health +unknown \(was ok\) since 20", listed);
        }
        finally
        {
            held.Signal(SigCont);
        }
        await Until.NothingIsMissingAsync("all nodes are ok again", Patience, async () =>
            await QueryAsync("sum(meshover_nodes{state=\"ok\"}) == 3 unless on () meshover_node_last_known_state") is "" ? await QueryAsync("meshover_nodes") : null, _ct);
        Assert.Equal("", await QueryAsync("max_over_time(meshover_nodes{state=\"lost\"}[5m]) > 0"));
    }

    // Its controller hears it still: it is not lost. Of its links it knows nothing, and its peers say that they are not up.
    private async Task SilentNodeIsNamedByItsPeersAsync()
    {
        var node = _mesh.Node(3);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var dead = node.KeepDeadAsync("dataplane", stop.Token);
        await Until.NothingIsMissingAsync("its peers say that n3's links are not up", Patience, async () =>
            await QueryAsync("sum(meshover_node_peers_not_up{node=~\"n1|n2\"} == 1) == 2 and on () meshover_node_state{node=\"n3\"} < 4 and on () count(graph_meshover_nodes_bgp_edges == 0) == 2") is ""
                ? await QueryAsync("meshover_node_peers_not_up or graph_meshover_nodes_bgp_edges or meshover_node_state")
                : null, _ct);
        Assert.Equal("", await QueryAsync("meshover_nodes{state=\"lost\"} > 0"));
        await stop.CancelAsync();
        await dead;
        await _mesh.SettledAsync(_ct);
    }

    private async Task StartPrometheusAsync(List<string> agents)
    {
        var machine = _mesh.Node(1).Machine;
        Directory.CreateDirectory(machine.Disk(Folder));
        await File.WriteAllTextAsync(machine.Disk($"{Folder}/prometheus.yml"), $"""
            global: {"{"} scrape_interval: 1s, evaluation_interval: 1s {"}"}
            rule_files: [{Deploy}/prometheus/meshover.rules.yml]
            scrape_configs:
              - job_name: meshover-controller
                static_configs: [{"{"} targets: ['{AddressPlan.Controller4}:12915'] {"}"}]
              - job_name: frr
                static_configs: [{"{"} targets: ['{FrrExporter}'] {"}"}]
              - job_name: meshover-agent
                static_configs: [{"{"} targets: [{string.Join(", ", agents.Select(agent => $"'{agent}'"))}] {"}"}]
            """, _ct);
        Start(machine, "prometheus", $"--config.file={Folder}/prometheus.yml", $"--storage.tsdb.path={Folder}/data", "--web.listen-address=127.0.0.1:9090", "--log.level=warn");
        // What people have for their own FRR finds the sockets of ours.
        Start(machine, "prometheus-frr-exporter", "--frr.socket.dir-path=/run/meshover/frr/run", "--no-collector.ospf", "--no-collector.bfd", $"--web.listen-address={FrrExporter}", "--log.level=error");
        await Until.NothingIsMissingAsync("Prometheus answers", Patience, async () =>
            (await AskAsync("vector(1)")) is { ExitCode: not 0 } failed ? failed.Error : null, _ct);
    }

    private void Start(Machine machine, string program, params string[] arguments) =>
        _programs.Add(Process.Start(machine.Command(program, arguments)) ?? throw new LabException($"{program} did not start"));

    /// <summary>One line a row; empty: there are none.</summary>
    private async Task<string> QueryAsync(string expression) => (await AskAsync(expression)).Checked().Trim();

    /// <summary>The value of the one row that there is.</summary>
    private async Task<double> NumberAsync(string expression) =>
        double.Parse(RowValue().Match(await QueryAsync(expression)).Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture);

    private Task<CommandResult> AskAsync(string expression) => _mesh.Node(1).Machine.RunAsync("promtool", ["query", "instant", Prometheus, expression], _ct);

    /// <summary>The queries of the dashboards, with their variables filled in.</summary>
    private static IEnumerable<string> Dashboards() => Directory.GetFiles(Path.Combine(Deploy, "grafana/dashboards"), "*.json")
        .SelectMany(path => Expressions(JsonDocument.Parse(File.ReadAllText(path)).RootElement))
        .Select(query => query.Replace("$node", "n2", StringComparison.Ordinal).Replace("$peer", "n1", StringComparison.Ordinal).Replace("$__rate_interval", "10s", StringComparison.Ordinal));

    private static IEnumerable<string> Expressions(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member switch
        {
            { Name: "expr" } => [member.Value.GetString()!],
            { Name: "query", Value.ValueKind: JsonValueKind.String } when member.Value.GetString()!.StartsWith("label_values(", StringComparison.Ordinal) => [LabelValues().Match(member.Value.GetString()!).Groups["metric"].Value],
            _ => Expressions(member.Value),
        }),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Expressions),
        _ => [],
    };

    /// <summary>What the rules record.</summary>
    private static IEnumerable<string> Records() => RuleExpression().Matches(Rules).Where(rule => rule.Groups["kind"].Value == "record").Select(rule => rule.Groups["expr"].Value);

    /// <summary>The metrics that alerts look at: an alert itself has rows only when something is wrong.</summary>
    private static IEnumerable<string> Selectors() => RuleExpression().Matches(Rules).Where(rule => rule.Groups["kind"].Value == "alert")
        .SelectMany(rule => MetricName().Matches(rule.Groups["expr"].Value)).Select(name => name.Value);

    private static string Rules => File.ReadAllText(Path.Combine(Deploy, "prometheus/meshover.rules.yml"));

    private static string Here([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    [GeneratedRegex(@"=> (?<value>\S+) @", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RowValue();

    [GeneratedRegex(@"label_values\((?<metric>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LabelValues();

    [GeneratedRegex(@"- (?<kind>record|alert): .*\n +expr: (?<expr>.*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RuleExpression();

    [GeneratedRegex(@"\b(meshover_\w+|meshover:[\w:]+|up\b)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MetricName();
}
