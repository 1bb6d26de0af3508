using System.Globalization;
using Meshover.Contract.V1;

namespace Meshover.Bench.Streams;

/// <summary>
/// A controller with 1,000, 3,000 and 10,000 real streams: its memory (rss, rss-most), the time of one change until the last stream has it
/// (change-p50, change-p99; slow-p99 beside readers that never read), a storm of changes, and how soon all are back after it was killed (back)
/// and after a restore (restore), with how many connections came to nothing meanwhile (back-vain, restore-vain): those of a herd. The streams' own
/// process has the same processors where the machine has but two.
/// </summary>
internal sealed class ControllerBench(BenchOptions options, TextWriter progress)
{
    /// <summary>What whoever reads the figures must know.</summary>
    public const string Note = "the controller on two of the cores, the streams' own process on all";

    private const string DefaultCache = "/var/cache/meshover-bench/controller";
    private const int SlowReaders = 20;
    private const int Changes = 40;
    private static readonly int[] Sizes = [1_000, 3_000, 10_000];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken ct)
    {
        int[] sizes = [.. Sizes.Where(size => options.Subjects.Count == 0 || options.Subjects.Contains(SubjectOf(size)))];
        if (sizes.Length == 0)
            throw new InvalidOperationException($"There is no such subject; there are {string.Join(", ", Sizes.Select(SubjectOf))}.");
        var cache = new MemberCache(options.Members ?? DefaultCache, progress);
        var members = await cache.LoadAsync([.. Sizes.Select(size => size + SlowReaders)], sizes.Max() + SlowReaders, ct);
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var size in sizes)
                await MeasureAsync(size, members, cache.BackupOf(size + SlowReaders), ct);
        }
        return _results;
    }

    private static string SubjectOf(int size) => string.Create(CultureInfo.InvariantCulture, $"streams{size}");

    private async Task MeasureAsync(int size, IReadOnlyList<StreamIdentity> members, string backup, CancellationToken ct)
    {
        var subject = SubjectOf(size);
        await using var controller = new BenchedController(Directory.CreateTempSubdirectory("meshover-bench-").FullName);
        await controller.RestoreAsync(backup);
        await controller.ServeAsync([], ct);
        var start = Time.GetTimestamp();
        await using var fleet = new StreamFleet(members.Take(size), controller.Port, within: TimeSpan.FromSeconds(size / 500.0));
        await fleet.AllBeyondAsync(0, Patience, ct);
        await AddAsync(subject, "open", "s", Time.GetElapsedTime(start).TotalSeconds, controller);
        await SettleAsync(fleet, start, ct);
        await AddAsync(subject, "rss", "MiB", ProcessMemory.ResidentMegabytes(controller.ProcessId), controller);

        using (var channel = controller.OpenAdministration())
        {
            var changer = new MapChanger(new AdminService.AdminServiceClient(channel), [.. members.Take(size)], fleet);
            var changes = await changer.MeasureAsync(Changes, ct);
            await AddAsync(subject, "change-p50", "ms", MapChanger.Percentile(changes, 0.5), controller);
            await AddAsync(subject, "change-p99", "ms", MapChanger.Percentile(changes, 0.99), controller);
            await using (await SlowAsync(members.Skip(size).Take(SlowReaders), controller.Port, ct))
            {
                await fleet.QuietAsync(Quiet, Patience, ct);
                await AddAsync(subject, "slow-p99", "ms", MapChanger.Percentile(await changer.MeasureAsync(Changes, ct), 0.99), controller);
            }
            await fleet.QuietAsync(Quiet, Patience, ct);
            var (rate, behind) = await changer.StormAsync(ct);
            await AddAsync(subject, "storm-rate", "1/s", rate, controller);
            await AddAsync(subject, "storm", "ms", behind, controller);
        }
        await BackAsync(subject, controller, fleet, ct);
        await RestoreAsync(subject, controller, fleet, backup, ct);
        await AddAsync(subject, "rss-most", "MiB", controller.PeakMegabytes(), controller);
    }

    // After a start the controller waits for the mesh to come back, half a minute at least, and then elects the transit nodes.
    private static async Task SettleAsync(StreamFleet fleet, long start, CancellationToken ct)
    {
        var left = TimeSpan.FromSeconds(45) - Time.GetElapsedTime(start);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, Time, ct);
        await fleet.QuietAsync(Quiet, Patience, ct);
    }

    private static async Task<Stalled> SlowAsync(IEnumerable<StreamIdentity> members, int port, CancellationToken ct)
    {
        var stalled = new Stalled();
        foreach (var member in members)
            stalled.Add(await new NodeStream(member, 0, port).StallAsync(ct));
        return stalled;
    }

    // With the maps that they have.
    private async Task BackAsync(string subject, BenchedController controller, StreamFleet fleet, CancellationToken ct)
    {
        var killed = Time.GetTimestamp();
        await controller.KillAsync();
        await controller.ServeAsync([], ct);
        await AllBackAsync(subject, "back", controller, fleet, killed, _ => true, ct);
    }

    // Each wants the whole map.
    private async Task RestoreAsync(string subject, BenchedController controller, StreamFleet fleet, string backup, CancellationToken ct)
    {
        await fleet.QuietAsync(Quiet, Patience, ct);
        var former = fleet.StoreId;
        await controller.KillAsync();
        await controller.RestoreAsync(backup);
        var start = Time.GetTimestamp();
        await controller.ServeAsync([], ct);
        await AllBackAsync(subject, "restore", controller, fleet, start, stream => stream.StoreId != former, ct);
    }

    private async Task AllBackAsync(
        string subject, string name, BenchedController controller, StreamFleet fleet, long since, Predicate<NodeStream> hasMap, CancellationToken ct)
    {
        var failures = fleet.Failures;
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var most = MostInASecondAsync(fleet, since, watch.Token);
        await fleet.UntilAsync(stream => stream.Helloed > since && hasMap(stream), Patience, name, ct);
        await AddAsync(subject, name, "s", Time.GetElapsedTime(since).TotalSeconds, controller);
        await watch.CancelAsync();
        await TellAsync($"{await most} came at most in one second");
        await AddAsync(subject, $"{name}-vain", "tries", fleet.Failures - failures, controller);
    }

    private static async Task<int> MostInASecondAsync(StreamFleet fleet, long since, CancellationToken ct)
    {
        var (most, before) = (0, 0);
        while (!ct.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), Time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = fleet.CountGreeted(since);
            (most, before) = (Math.Max(most, now - before), now);
        }
        return most;
    }

    private async Task AddAsync(string subject, string name, string unit, double value, BenchedController controller)
    {
        await TellAsync($"{subject} {name}: {value:0.##} {unit} (the controller has used {controller.CpuSeconds():0.0} s of processor time)");
        _results.Add(new Measurement(subject, name, unit, value));
    }

    private Task TellAsync(FormattableString text) => progress.WriteLineAsync(FormattableString.Invariant(text));

    private sealed class Stalled : List<IAsyncDisposable>, IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var stream in this)
                await stream.DisposeAsync();
        }
    }
}
