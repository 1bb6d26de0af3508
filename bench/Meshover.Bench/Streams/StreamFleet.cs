using Meshover.Contract.V1;

namespace Meshover.Bench.Streams;

/// <summary>All the streams of a mesh.</summary>
internal sealed class StreamFleet : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SummaryEach = TimeSpan.FromSeconds(30);
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly CancellationTokenSource _stop = new();
    private readonly NodeStream[] _streams;
    private readonly Task _running;

    /// <param name="members">Whose they are.</param>
    /// <param name="port">The controller's.</param>
    /// <param name="within">They begin spread over this time.</param>
    public StreamFleet(IEnumerable<StreamIdentity> members, int port, TimeSpan within)
    {
        _streams = [.. members.Select((member, number) => new NodeStream(member, number, port))];
        _running = Task.WhenAll([.. _streams.Select((stream, number) => stream.RunAsync(within * number / _streams.Length, _stop.Token)), SummariseAsync()]);
    }

    /// <summary>What each says of itself each 30 s.</summary>
    public Func<NodeSummary> Summary { get; init; } = () => new NodeSummary { Peers = 1, PeersUp = 1 };

    public long Failures => _streams.Sum(stream => stream.Failures);

    /// <summary>The newest revision that one of them has.</summary>
    public long Revision => _streams.Max(stream => stream.Revision);

    public string StoreId => _streams[0].StoreId;

    /// <summary>How many are connected since then.</summary>
    public int CountGreeted(long since) => _streams.Count(stream => stream.Helloed > since);

    /// <summary>Waits until all have a map beyond the revision; gives when the last of them got it.</summary>
    /// <exception cref="TimeoutException">They do not.</exception>
    public async Task<long> AllBeyondAsync(long revision, TimeSpan patience, CancellationToken ct)
    {
        await UntilAsync(stream => stream.Revision > revision, patience, $"a map beyond revision {revision}", ct);
        return _streams.Max(stream => stream.Arrived);
    }

    /// <summary>Waits until it is so for all.</summary>
    /// <exception cref="TimeoutException">It is not.</exception>
    public async Task UntilAsync(Predicate<NodeStream> isSo, TimeSpan patience, string what, CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        while (!Array.TrueForAll(_streams, isSo))
        {
            if (Time.GetElapsedTime(start) > patience)
                throw new TimeoutException($"{_streams.Count(stream => !isSo(stream))} of {_streams.Length} streams have not got {what} after {patience.TotalSeconds:0} s.");
            await Task.Delay(Look, Time, ct);
        }
    }

    /// <summary>Waits until all have the same map and nothing has come for that long; gives when the last thing came.</summary>
    public async Task<long> QuietAsync(TimeSpan quiet, TimeSpan patience, CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        while (true)
        {
            var (newest, last) = (Revision, _streams.Max(stream => stream.Arrived));
            if (Time.GetElapsedTime(last) >= quiet && Array.TrueForAll(_streams, stream => stream.Revision == newest))
                return last;
            if (Time.GetElapsedTime(start) > patience)
                throw new TimeoutException($"The map is still in motion after {patience.TotalSeconds:0} s.");
            await Task.Delay(Look, Time, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    // Spread over the time, as agents that were not started together are.
    private async Task SummariseAsync()
    {
        const int slices = 300;
        for (var slice = 0; ; slice = (slice + 1) % slices)
        {
            await Task.Delay(SummaryEach / slices, Time, _stop.Token);
            for (var number = slice; number < _streams.Length; number += slices)
                await _streams[number].SummariseAsync(Summary(), _stop.Token);
        }
    }
}
