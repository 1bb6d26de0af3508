using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Meshover.Console.UseCases;
using Meshover.Controller.Live;

namespace Meshover.Controller.Console.Past;

/// <summary>
/// Figures of each member over the last six hours, one point a minute, in memory: 360 points of 16 bytes, so 17 MB for 3,000 nodes. A controller that starts
/// begins anew. One writer; any reader.
/// </summary>
internal sealed class SeriesBook
{
    public const int Points = 360;
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<uint, Ring> _rings = new();
    private long _taken;
    private DateTimeOffset _newest;

    /// <summary>Takes a point of each, and forgets those that are members no more. O(members).</summary>
    public void Take(LiveState live, IReadOnlyCollection<uint> members, DateTimeOffset now)
    {
        foreach (var id in members)
            _rings.GetOrAdd(id, _ => new Ring(_taken)).Take(live.Node(id)?.Health, _taken, now);
        _taken++;
        _newest = now;
        if (_rings.Count == members.Count)
            return;
        var present = members.ToHashSet();
        foreach (var gone in _rings.Keys.Where(id => !present.Contains(id)))
            _rings.TryRemove(gone, out _);
    }

    /// <summary>Null: nothing was taken of it yet.</summary>
    public NodeSeries? Of(uint node) => _rings.TryGetValue(node, out var ring) ? ring.Read(_newest) : null;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Point(float Rx, float Tx, float Rtt, float Loss)
    {
        public static readonly Point Gap = new(float.NaN, float.NaN, float.NaN, float.NaN);
    }

    private sealed class Ring(long first)
    {
        private readonly Lock _lock = new();
        private readonly Point[] _points = new Point[Points];
        private readonly long _first = first;
        private HealthReport? _former;
        private long _end = first;

        public void Take(HealthReport? health, long number, DateTimeOffset now)
        {
            // A summary comes each 30 s: one that is older than two minutes is of a node that is not heard.
            var fresh = health is not null && now - health.At < 2 * Step ? health : null;
            lock (_lock)
            {
                _points[number % Points] = fresh is null ? Point.Gap : Between(_former, fresh);
                _end = number + 1;
                _former = fresh;
            }
        }

        public NodeSeries Read(DateTimeOffset newest)
        {
            lock (_lock)
            {
                var count = (int)Math.Min(Points, _end - _first);
                var points = Enumerable.Range(0, count).Select(i => _points[(_end - count + i) % Points]).ToList();
                return new NodeSeries(newest, Step, Values(points, point => point.Rx), Values(points, point => point.Tx), Values(points, point => point.Rtt), Values(points, point => point.Loss));
            }
        }

        private static ImmutableArray<double?> Values(List<Point> points, Func<Point, float> of) => [.. points.Select(point => of(point) is var value && float.IsNaN(value) ? (double?)null : value)];

        private static Point Between(HealthReport? former, HealthReport now)
        {
            var seconds = former is null ? 0 : (now.At - former.At).TotalSeconds;
            return new Point(Rate(former?.RxBytes, now.RxBytes, seconds), Rate(former?.TxBytes, now.TxBytes, seconds), now.Rtt is { } rtt ? (float)rtt.TotalMilliseconds : float.NaN, Loss(former, now));
        }

        // A counter that is less than before belongs to another start.
        private static float Rate(ulong? former, ulong? now, double seconds) => seconds > 0 && former is { } old && now is { } present && present >= old ? (float)((present - old) / seconds) : float.NaN;

        private static float Loss(HealthReport? former, HealthReport now) =>
            former is not null && now.Echoes > former.Echoes && now.EchoesLost >= former.EchoesLost ? (float)Math.Min(100, 100.0 * (now.EchoesLost - former.EchoesLost) / (now.Echoes - former.Echoes)) : float.NaN;
    }
}
