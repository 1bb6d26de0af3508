using System.Globalization;
using Meshover.Bench.Streams;
using Meshover.Contract.V1;

namespace Meshover.Bench.Viewers;

/// <summary>
/// What a hundred viewers of the console cost a controller of 200 nodes: how many changes an administrator makes one after the other, alone and with half of the
/// viewers at the graph and half at the table of nodes, which follow each change (write-alone, write-watched; cost: what is lost, in per cent of alone), their
/// times (…-p99), the controller's processor time while nobody changes anything (cpu-alone, cpu-watched), its memory, and how long the first page takes over a
/// connection of its own with the viewers there (first-p50, first-most). A viewer is a client without a browser (<see cref="ViewedPage"/>).
/// </summary>
internal sealed class ConsoleBench(BenchOptions options, TextWriter progress)
{
    public const string Note = "the controller on two of the cores; the nodes' streams and the viewers, one process, on all";

    private const string DefaultCache = "/var/cache/meshover-bench/console";
    private const int Nodes = 200;
    private const int Sessions = 10, PagesOfSession = 10;
    private const int FirstPages = 20;
    private static readonly string[] Pages = ["", "nodes"];
    private static readonly string Subject = string.Create(CultureInfo.InvariantCulture, $"viewers{Sessions * PagesOfSession}");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45);
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly List<Measurement> _results = [];
    private int _changes;

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        var cache = new MemberCache(options.Members ?? DefaultCache, progress);
        var members = await cache.LoadAsync([Nodes], Nodes, ct);
        for (var round = 0; round < options.Rounds; round++)
            await MeasureAsync(members, cache.BackupOf(Nodes), ct);
        return _results;
    }

    private async Task MeasureAsync(IReadOnlyList<StreamIdentity> members, string backup, CancellationToken ct)
    {
        await using var controller = new BenchedController(Directory.CreateTempSubdirectory("meshover-bench-").FullName);
        await controller.RestoreAsync(backup);
        await controller.ServeAsync([], ct);
        var start = Time.GetTimestamp();
        await using var fleet = new StreamFleet(members, controller.Port, TimeSpan.FromSeconds(1)) { Summary = Summary };
        await fleet.AllBeyondAsync(0, Patience, ct);
        var left = Settling - Time.GetElapsedTime(start);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, Time, ct);
        using var channel = controller.OpenAdministration();
        var admin = new AdminService.AdminServiceClient(channel);

        // Before and after: what a machine does beside all this changes within minutes.
        var before = await WriteAsync(admin, members, ct);
        Add("cpu-alone", "ms/s", await CpuAsync(controller, ct));
        List<double> watched;
        await using (var viewers = await OpenAsync(controller, ct))
        {
            watched = await WriteAsync(admin, members, ct);
            viewers.RequireAllSee();
            Add("cpu-watched", "ms/s", await CpuAsync(controller, ct));
            Add("rss", "MiB", ProcessMemory.ResidentMegabytes(controller.ProcessId));
            var first = await FirstAsync(viewers.Sessions[0], ct);
            Add("first-p50", "ms", MapChanger.Percentile(first, 0.5));
            Add("first-most", "ms", first.Max());
        }
        var after = await WriteAsync(admin, members, ct);
        var alone = (RateOf(before) + RateOf(after)) / 2;
        Add("write-alone", "1/s", alone);
        Add("write-watched", "1/s", RateOf(watched));
        Add("cost", "%", 100 * (1 - (RateOf(watched) / alone)));
        Add("write-alone-p99", "ms", MapChanger.Percentile([.. before, .. after], 0.99));
        Add("write-watched-p99", "ms", MapChanger.Percentile(watched, 0.99));
    }

    private static double RateOf(List<double> milliseconds) => 1000 * milliseconds.Count / milliseconds.Sum();

    /// <summary>One change after the other; milliseconds of each. Each changes what pages show, and none lets the store grow.</summary>
    private async Task<List<double>> WriteAsync(AdminService.AdminServiceClient admin, IReadOnlyList<StreamIdentity> members, CancellationToken ct)
    {
        var times = new List<double>();
        var start = Time.GetTimestamp();
        while (Time.GetElapsedTime(start).TotalSeconds < options.Seconds)
        {
            var (node, turn) = (_changes % members.Count, _changes++ / members.Count);
            var began = Time.GetTimestamp();
            await admin.AddGrantAsync(new AddGrantRequest
            {
                Node = members[node].HostName,
                Grant = new RouteGrant { Prefix = string.Create(CultureInfo.InvariantCulture, $"100.64.{node}.0/24"), MaxLength = 24 + ((uint)turn % 8) },
            }, cancellationToken: ct);
            times.Add(Time.GetElapsedTime(began).TotalMilliseconds);
        }
        return times;
    }

    private async Task<double> CpuAsync(BenchedController controller, CancellationToken ct)
    {
        var (start, before) = (Time.GetTimestamp(), controller.CpuSeconds());
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), Time, ct);
        return 1000 * (controller.CpuSeconds() - before) / Time.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<List<double>> FirstAsync(ViewerSession session, CancellationToken ct)
    {
        var spent = new List<double>();
        for (var i = 0; i < FirstPages; i++)
        {
            var start = Time.GetTimestamp();
            var html = await session.GetAnewAsync("nodes", ct);
            spent.Add(Time.GetElapsedTime(start).TotalMilliseconds);
            if (!html.Contains("<tbody", StringComparison.Ordinal))
                throw new InvalidOperationException("The first page has no content: what was measured is not what it should be.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), Time, ct);
        }
        return spent;
    }

    private static async Task<Crowd> OpenAsync(BenchedController controller, CancellationToken ct)
    {
        var token = await controller.ViewerTokenAsync();
        var crowd = new Crowd();
        try
        {
            for (var number = 1; number <= Sessions; number++)
            {
                var session = new ViewerSession(number, controller.Port);
                crowd.Sessions.Add(session);
                await session.SignInAsync(token, ct);
                for (var page = 0; page < PagesOfSession; page++)
                    crowd.Pages.Add(await ViewedPage.OpenAsync(session, Pages[page % Pages.Length], ct));
            }
            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    private void Add(string name, string unit, double value)
    {
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Subject} {name}: {value:0.##} {unit}"));
        _results.Add(new Measurement(Subject, name, unit, value));
    }

    // As a node whose links are all up; its figures change each time.
    private static NodeSummary Summary() => new()
    {
        Peers = Nodes - 1,
        PeersUp = Nodes - 1,
        BgpEstablished = Nodes - 1,
        Prefixes = Nodes,
        RxBytes = (ulong)Time.GetTimestamp(),
        TxBytes = (ulong)Time.GetTimestamp(),
        Components = new ComponentHealths { Dataplane = ComponentHealth.Ok, Routing = ComponentHealth.Ok, Kernel = ComponentHealth.Ok },
        NotUp = new LinkCounts(),
        Exceptions = new LinkExceptions(),
    };

    private sealed class Crowd : IAsyncDisposable
    {
        // The page itself is one; it follows once a second while something changes.
        private const int LeastBatches = 4;

        public List<ViewerSession> Sessions { get; } = [];

        public List<ViewedPage> Pages { get; } = [];

        /// <exception cref="InvalidOperationException">One of them has seen nothing, or sees nothing any more: the figures would flatter.</exception>
        public void RequireAllSee()
        {
            if (Pages.Find(page => page.Fault is not null) is { Fault: { } fault })
                throw new InvalidOperationException($"A viewer sees nothing any more: {fault.Message}", fault);
            if (Pages.Exists(page => page.Batches < LeastBatches))
                throw new InvalidOperationException($"The viewers were shown from {Pages.Min(page => page.Batches)} to {Pages.Max(page => page.Batches)} drawings: not all of them follow.");
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var page in Pages)
                await page.DisposeAsync();
            foreach (var session in Sessions)
                session.Dispose();
        }
    }
}
