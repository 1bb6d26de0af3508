using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Agent.Reporting;
using Meshover.Agent.Scraping;
using Meshover.Agent.Trust;
using Meshover.Bench.Streams;
using Meshover.Contract.V1;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Bench.Status;

/// <summary>
/// What it costs to see the mesh: an agent's page with 1,000 peers, each told of (agent1000: scrape, series, bytes), and a controller to which 1,000 and
/// 3,000 nodes say how they stand (status1000, status3000): its processor time a second without a scraper and with one each 15 s (cpu, cpu-scraped), its
/// memory (rss), its pages (scrape, series, bytes; graph, graph-bytes). What an operator waits for is <see cref="AskingBench"/>'s.
/// </summary>
internal sealed class StatusBench(BenchOptions options, TextWriter progress)
{
    public const string Note = "the controller on two of the cores, the streams' own process on all";

    private const string DefaultCache = "/var/cache/meshover-bench/status";
    private const string AgentSubject = "agent1000";
    private const int Peers = 1_000;
    private const int Scrapes = 20;
    private static readonly int[] Sizes = [1_000, 3_000];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan ScrapeEach = TimeSpan.FromSeconds(15);
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        int[] sizes = [.. Sizes.Where(size => IsWanted(SubjectOf(size)))];
        string[] others = [AgentSubject, AskingBench.Large, AskingBench.Small];
        if (sizes.Length == 0 && !others.Any(IsWanted))
            throw new InvalidOperationException($"There is no such subject; there are {string.Join(", ", others.Concat(Sizes.Select(SubjectOf)))}.");
        for (var round = 0; round < options.Rounds && IsWanted(AgentSubject); round++)
            MeasureAgent();
        var asking = new AskingBench(options, (subject, name, value) => Add(subject, name, "ms", value));
        if (IsWanted(AskingBench.Large))
            await asking.LargeAsync(ct);
        if (IsWanted(AskingBench.Small))
            await asking.SmallAsync(ct);
        if (sizes.Length == 0)
            return _results;
        var cache = new MemberCache(options.Members ?? DefaultCache, progress);
        var members = await cache.LoadAsync(Sizes, sizes.Max(), ct);
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var size in sizes)
                await MeasureControllerAsync(size, members, cache.BackupOf(size), ct);
        }
        return _results;
    }

    private bool IsWanted(string subject) => options.Subjects.Count == 0 || options.Subjects.Contains(subject);

    private static string SubjectOf(int size) => string.Create(CultureInfo.InvariantCulture, $"status{size}");

    private void MeasureAgent()
    {
        var state = StateOf(Peers + 1);
        var traffic = new TrafficCounters().Look(state, LinkStanding.Of(state));
        var page = new AgentPage(AgentConfig.Default with { MetricsPeers = PeerDetail.All }, _ => 1.5, () => GatherState.Nothing);
        var identity = IdentityFactory.Create("n1", Time);
        var spent = new List<double>();
        for (var scrape = 0; scrape < Scrapes; scrape++)
        {
            var start = Time.GetTimestamp();
            var writer = page.Build(state, traffic, identity, Time.GetUtcNow());
            spent.Add(Time.GetElapsedTime(start).TotalMilliseconds);
            if (scrape == Scrapes - 1)
            {
                Add(AgentSubject, "series", "", writer.Series);
                Add(AgentSubject, "bytes", "KiB", writer.Written.Length / 1024.0);
            }
        }
        // The first has the JIT's work, which an agent that is compiled ahead has not.
        Add(AgentSubject, "scrape", "ms", MapChanger.Percentile([.. spent.Skip(1)], 0.5));
    }

    private async Task MeasureControllerAsync(int size, IReadOnlyList<StreamIdentity> members, string backup, CancellationToken ct)
    {
        var subject = SubjectOf(size);
        var at = new IPEndPoint(IPAddress.Loopback, FreePort());
        await using var controller = new BenchedController(Directory.CreateTempSubdirectory("meshover-bench-").FullName);
        await controller.RestoreAsync(backup);
        await controller.ServeAsync(["--metrics-listen", $"{at}"], ct);
        var start = Time.GetTimestamp();
        await using var fleet = new StreamFleet(members.Take(size), controller.Port, TimeSpan.FromSeconds(size / 500.0)) { Summary = SummaryOf(size) };
        await fleet.AllBeyondAsync(0, Patience, ct);
        await Task.Delay(Settling - Shorter(Time.GetElapsedTime(start), Settling), Time, ct);
        await fleet.QuietAsync(TimeSpan.FromSeconds(3), Patience, ct);
        Add(subject, "cpu", "ms/s", await CpuAsync(controller, Task.CompletedTask, ct));
        using var client = new HttpClient { BaseAddress = new Uri($"http://{at}") };
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Add(subject, "cpu-scraped", "ms/s", await CpuAsync(controller, ScrapeAsync(client, watch.Token), ct));
        await watch.CancelAsync();
        var (scrape, page) = await GetAsync(client, "/metrics", ct);
        Add(subject, "scrape", "ms", scrape);
        Add(subject, "series", "", page.Split('\n').Count(line => line.Length > 0 && line[0] != '#'));
        Add(subject, "bytes", "KiB", page.Length / 1024.0);
        var (graph, data) = await GetAsync(client, "/api/graph/data", ct);
        Add(subject, "graph", "ms", graph);
        Add(subject, "graph-bytes", "KiB", data.Length / 1024.0);
        Add(subject, "rss", "MiB", ProcessMemory.ResidentMegabytes(controller.ProcessId));
        if (!page.Contains($"meshover_nodes{{state=\"ok\"}} {size}\n", StringComparison.Ordinal))
            throw new InvalidOperationException("Not all nodes are ok: what was measured is not what it should be.");
    }

    private async Task<double> CpuAsync(BenchedController controller, Task beside, CancellationToken ct)
    {
        var (start, before) = (Time.GetTimestamp(), controller.CpuSeconds());
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), Time, ct);
        if (beside.IsFaulted)
            await beside;
        return 1000 * (controller.CpuSeconds() - before) / Time.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task ScrapeAsync(HttpClient client, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(ScrapeEach, Time);
        do
            await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), ct);
        while (await timer.WaitForNextTickAsync(ct));
    }

    /// <summary>The median of some, each after the page's second.</summary>
    private static async Task<(double Milliseconds, string Page)> GetAsync(HttpClient client, string path, CancellationToken ct)
    {
        var (spent, page) = (new List<double>(), "");
        for (var scrape = 0; scrape < 7; scrape++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1.1), Time, ct);
            var start = Time.GetTimestamp();
            page = await client.GetStringAsync(new Uri(path, UriKind.Relative), ct);
            spent.Add(Time.GetElapsedTime(start).TotalMilliseconds);
        }
        return (MapChanger.Percentile(spent, 0.5), page);
    }

    private void Add(string subject, string name, string unit, double value)
    {
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{subject} {name}: {value:0.##} {unit}"));
        _results.Add(new Measurement(subject, name, unit, value));
    }

    /// <summary>As an agent says it; its figures change each time.</summary>
    private static Func<NodeSummary> SummaryOf(int nodes) => () => new NodeSummary
    {
        Peers = (uint)nodes - 1,
        PeersUp = (uint)nodes - 1,
        BgpEstablished = (uint)nodes - 1,
        Prefixes = (uint)nodes * 4,
        RxBytes = (ulong)Time.GetTimestamp(),
        TxBytes = (ulong)Time.GetTimestamp(),
        Components = new ComponentHealths { Dataplane = ComponentHealth.Ok, Routing = ComponentHealth.Ok, Kernel = ComponentHealth.Ok },
        Announced = 2,
        NotUp = new LinkCounts(),
        Exceptions = new LinkExceptions(),
        DataplaneAgeMs = 1200,
        RoutingAgeMs = 9000,
    };

    private static AgentState StateOf(int nodes)
    {
        var map = TestMesh.Full(nodes);
        var plan = NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());
        return new AgentState
        {
            Told = map,
            Map = map,
            Plan = plan,
            Dataplane = new DataplaneStatus { Version = "", Peers = [.. plan.WireGuard.Peers.Select(peer => Heard(map.Nodes[peer.Node].WireGuardKeys[0].Bytes))] },
            Routing = new RoutingStatus
            {
                State = RoutingState.Running,
                Neighbors = [.. plan.WireGuard.Peers.Select(peer => new NeighborStatus { Interface = peer.Node.LinkName, BgpState = "Established", PrefixesReceived = 4, UptimeMs = 1, BfdUp = true })],
            },
        };
    }

    private static Meshover.WireGuard.Control.PeerStatus Heard(ReadOnlySpan<byte> key) =>
        new() { PublicKey = new WireGuardKey(key), LastHandshakeAgeMs = 1000, LastReceiveAgeMs = 100, RxBytes = 123_456_789, TxBytes = 987_654_321 };

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static int FreePort()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }
}
