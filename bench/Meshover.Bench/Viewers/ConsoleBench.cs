using System.Globalization;
using Meshover.Bench.Streams;
using Meshover.Contract.V1;

namespace Meshover.Bench.Viewers;

/// <summary>
/// What a hundred viewers of the console cost a controller of 200 nodes: how many changes an administrator makes one after the other, alone and with half of the
/// viewers at the graph and half at the table of nodes, which follow each change (write-alone, write-watched; cost: what is lost, in per cent of alone), their
/// times (…-p99), the controller's processor time for each of them (change-cpu-…), and each second while nobody changes anything (cpu-…), how busy their
/// processor is meanwhile (busy-…: where it is not wholly so, the writing waits for something else, too), the controller's memory, and how long the first page takes over a
/// connection of its own with the viewers there (first-p50, first-most). A viewer is a client without a browser (<see cref="ViewedPage"/>). The controller and all that
/// writes to it have one processor, the viewers another: they are on machines of their own, and what they themselves compute is not the controller's to pay for.
/// </summary>
internal sealed class ConsoleBench(BenchOptions options, TextWriter progress)
{
    public const string Note = "the controller, who writes to it and the nodes' streams on the first core, the viewers on the second";

    private const string DefaultCache = "/var/cache/meshover-bench/console";
    private const int Nodes = 200;
    private const int OwnProcessor = 0, OthersProcessor = 1;
    private static readonly string Subject = string.Create(CultureInfo.InvariantCulture, $"viewers{ViewerCrowd.Count}");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45);

    /// <summary>Writing that does not count: what is compiled, and what was left behind by whoever came or went, is done by then.</summary>
    private const int WarmSeconds = 15;
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly List<Measurement> _results = [];
    private int _changes;

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        if (Environment.ProcessorCount < 2)
            throw new InvalidOperationException("The controller and its viewers want a processor each, and there is one.");
        var cache = new MemberCache(options.Members ?? DefaultCache, progress);
        var members = await cache.LoadAsync([Nodes], Nodes, ct);
        await Programs.StayOnAsync($"{OwnProcessor}");
        for (var round = 0; round < options.Rounds; round++)
            await MeasureAsync(members, cache.BackupOf(Nodes), ct);
        return _results;
    }

    private async Task MeasureAsync(IReadOnlyList<StreamIdentity> members, string backup, CancellationToken ct)
    {
        await using var controller = new BenchedController(Directory.CreateTempSubdirectory("meshover-bench-").FullName, $"{OwnProcessor}");
        await controller.RestoreAsync(backup);
        await controller.ServeAsync([], ct);
        var start = Time.GetTimestamp();
        await using var fleet = new StreamFleet(members, controller.Port, TimeSpan.FromSeconds(1)) { Summary = Summary };
        await fleet.AllBeyondAsync(0, Patience, ct);
        var left = Settling - Time.GetElapsedTime(start);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, Time, ct);
        using var channel = controller.OpenAdministration();
        var writer = new Writer(controller, new AdminService.AdminServiceClient(channel), members);

        // Before and after: what a machine does beside all this changes within minutes.
        var before = await WriteAsync(writer, ct);
        Add("cpu-alone", "ms/s", await CpuAsync(controller, ct));
        var watched = await WatchedAsync(writer, ct);
        var after = await WriteAsync(writer, ct);
        Add("write-alone", "1/s", (before.Rate + after.Rate) / 2);
        Add("write-watched", "1/s", watched.Rate);
        Add("cost", "%", 100 * (1 - (2 * watched.Rate / (before.Rate + after.Rate))));
        Add("change-cpu-alone", "ms", (before.CpuOfEach + after.CpuOfEach) / 2);
        Add("change-cpu-watched", "ms", watched.CpuOfEach);
        Add("busy-alone", "%", (before.Busy + after.Busy) / 2);
        Add("busy-watched", "%", watched.Busy);
        Add("write-alone-p99", "ms", MapChanger.Percentile([.. before.Times, .. after.Times], 0.99));
        Add("write-watched-p99", "ms", MapChanger.Percentile(watched.Times, 0.99));
    }

    private async Task<Written> WatchedAsync(Writer writer, CancellationToken ct)
    {
        var controller = writer.Controller;
        await using var viewers = await ViewersElsewhere.OpenAsync($"{OthersProcessor}", controller.Port, await controller.ViewerTokenAsync(), ct);
        var watched = await WriteAsync(writer, ct);
        await viewers.RequireAllSeeAsync(ct);
        Add("cpu-watched", "ms/s", await CpuAsync(controller, ct));
        Add("rss", "MiB", ProcessMemory.ResidentMegabytes(controller.ProcessId));
        var (median, most) = await viewers.FirstAsync(ct);
        Add("first-p50", "ms", median);
        Add("first-most", "ms", most);
        await viewers.LeaveAsync(ct);
        return watched;
    }

    private async Task<Written> WriteAsync(Writer writer, CancellationToken ct)
    {
        await ChangeAsync(writer, WarmSeconds, ct);
        var (start, cpu, busy) = (Time.GetTimestamp(), writer.Controller.CpuSeconds(), Programs.BusySeconds(OwnProcessor));
        var times = await ChangeAsync(writer, options.Seconds, ct);
        return new Written(times, writer.Controller.CpuSeconds() - cpu, 100 * (Programs.BusySeconds(OwnProcessor) - busy) / Time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>One change after the other; milliseconds of each. Each changes what pages show, and none lets the store grow.</summary>
    private async Task<List<double>> ChangeAsync(Writer writer, int seconds, CancellationToken ct)
    {
        var times = new List<double>();
        var start = Time.GetTimestamp();
        while (Time.GetElapsedTime(start).TotalSeconds < seconds)
        {
            var (node, turn) = (_changes % writer.Members.Count, _changes++ / writer.Members.Count);
            var began = Time.GetTimestamp();
            await writer.Admin.AddGrantAsync(new AddGrantRequest
            {
                Node = writer.Members[node].HostName,
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

    private sealed record Writer(BenchedController Controller, AdminService.AdminServiceClient Admin, IReadOnlyList<StreamIdentity> Members);

    /// <param name="Times">Of each change, milliseconds.</param>
    /// <param name="Cpu">The controller's for all of them, seconds.</param>
    /// <param name="Busy">The processor meanwhile, per cent.</param>
    private sealed record Written(List<double> Times, double Cpu, double Busy)
    {
        /// <summary>Changes a second.</summary>
        public double Rate => 1000 * Times.Count / Times.Sum();

        /// <summary>Milliseconds.</summary>
        public double CpuOfEach => 1000 * Cpu / Times.Count;
    }
}
