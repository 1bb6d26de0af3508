using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Meshover.Controller.Scraping;

/// <summary>Adds up what <see cref="ControllerMeter"/>'s instruments are told, from the making of this on. Thread-safe.</summary>
internal sealed class MeterReader : IDisposable
{
    /// <summary>Upper ends of the buckets of a change's duration, in seconds: an fsync of a good disk takes one, a bad one a second.</summary>
    public static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Instrument, string Reason), long> _counts = new();
    private readonly Lock _adding = new();
    private readonly long[] _durations = new long[Bounds.Length + 1];
    private double _sum;

    public MeterReader()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ControllerMeter.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(Count);
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => Measure(seconds));
        _listener.Start();
    }

    public long Count(Instrument instrument) => _counts.GetValueOrDefault((instrument.Name, ""));

    /// <summary>By reason, those that have happened.</summary>
    public IEnumerable<(string Reason, long Count)> CountsByReason(Instrument instrument) => _counts
        .Where(pair => pair.Key.Instrument == instrument.Name).Select(pair => (pair.Key.Reason, pair.Value)).OrderBy(pair => pair.Reason, StringComparer.Ordinal);

    /// <summary>How many durations fell into each bucket, the last one for those beyond all bounds, and their sum in seconds.</summary>
    public (long[] Counts, double Sum) Durations()
    {
        lock (_adding)
            return ([.. _durations], _sum);
    }

    public void Dispose() => _listener.Dispose();

    private void Count(Instrument instrument, long count, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        _counts.AddOrUpdate((instrument.Name, tags.Length > 0 ? tags[0].Value as string ?? "" : ""), count, (_, before) => before + count);

    private void Measure(double seconds)
    {
        var bucket = Array.FindIndex(Bounds, bound => seconds <= bound);
        lock (_adding)
        {
            _durations[bucket < 0 ? Bounds.Length : bucket]++;
            _sum += seconds;
        }
    }
}
