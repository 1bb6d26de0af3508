using Meshover.Contract.V1;

namespace Meshover.Bench.Streams;

/// <summary>Changes the map as administrators do, by grants, and looks how soon all streams have that.</summary>
internal sealed class MapChanger(AdminService.AdminServiceClient admin, IReadOnlyList<StreamIdentity> members, StreamFleet fleet)
{
    private const int PerSecond = 100;
    private const int StormSeconds = 10;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeProvider Time = TimeProvider.System;
    private int _changes;

    /// <summary>One change after the other; milliseconds from asking for it until the last stream has it.</summary>
    public async Task<List<double>> MeasureAsync(int count, CancellationToken ct)
    {
        var times = new List<double>();
        for (var i = 0; i < count; i++)
        {
            var (before, start) = (fleet.Revision, Time.GetTimestamp());
            await ChangeAsync(ct);
            times.Add(Time.GetElapsedTime(start, await fleet.AllBeyondAsync(before, Patience, ct)).TotalMilliseconds);
            await Task.Delay(Between, Time, ct);
        }
        return times;
    }

    /// <summary>A hundred changes a second for ten seconds, in step with the clock and not with the answers.</summary>
    /// <returns>How many a second were made; and how many milliseconds after the last was made all streams had all.</returns>
    public async Task<(double Rate, double Behind)> StormAsync(CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        var changes = new List<Task>();
        for (var i = 0; i < PerSecond * StormSeconds; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / PerSecond) - Time.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, Time, ct);
            changes.Add(ChangeAsync(ct));
        }
        await Task.WhenAll(changes);
        var made = Time.GetTimestamp();
        var last = await fleet.QuietAsync(TimeSpan.FromSeconds(5), Patience, ct);
        return (changes.Count / Time.GetElapsedTime(start, made).TotalSeconds, Time.GetElapsedTime(made, last).TotalMilliseconds);
    }

    /// <summary>Of a list, the least that so much of it does not surpass.</summary>
    public static double Percentile(List<double> values, double part) => values.Order().ElementAt((int)Math.Ceiling(part * values.Count) - 1);

    private async Task ChangeAsync(CancellationToken ct)
    {
        var number = Interlocked.Increment(ref _changes);
        await admin.AddGrantAsync(new AddGrantRequest
        {
            Node = members[number % members.Count].HostName,
            Grant = new RouteGrant { Prefix = $"100.{64 + (number >> 8 & 63)}.{number & 255}.0/24", MaxLength = 24 },
        }, cancellationToken: ct);
    }
}
