using System.Collections.Immutable;
using Meshover.Controller.Graphs;

namespace Meshover.Controller.Console;

/// <summary>
/// How much each link of a small mesh carries: of what its two ends count, between the last two summaries of each (30 s apart). A large mesh's summaries have no
/// figures of links. O(links) for each look. Safe from any thread.
/// </summary>
internal sealed class LinkTraffic
{
    private readonly Lock _lock = new();
    private ImmutableDictionary<uint, Counted> _counted = ImmutableDictionary<uint, Counted>.Empty;

    /// <summary>Takes what the members say now; whoever is a member no more is forgotten.</summary>
    public void Take(ImmutableArray<GraphMember> members)
    {
        lock (_lock)
            _counted = members.Where(member => member.Speaks is not null).ToImmutableDictionary(member => member.Id, member => Count(_counted.GetValueOrDefault(member.Id), member));
    }

    /// <summary>Bytes a second, both directions together, as the end that says more says it; null: not known.</summary>
    public double? Between(uint one, uint other)
    {
        var counted = _counted;
        var (said, answered) = (counted.GetValueOrDefault(one)?.Rate(other), counted.GetValueOrDefault(other)?.Rate(one));
        return said is null || answered > said ? answered : said;
    }

    private static Counted Count(Counted? former, GraphMember member)
    {
        var health = member.Speaks!;
        if (former is not null && former.At == health.At)
            return former;
        var bytes = health.Figures.ToImmutableDictionary(figure => figure.Key, figure => figure.Value.RxBytes + figure.Value.TxBytes);
        return new Counted(health.At, bytes, former is null ? ImmutableDictionary<uint, double>.Empty : Rates(former, health.At, bytes));
    }

    // A counter that is less than before belongs to another start.
    private static ImmutableDictionary<uint, double> Rates(Counted former, DateTimeOffset at, ImmutableDictionary<uint, ulong> bytes)
    {
        var seconds = (at - former.At).TotalSeconds;
        return seconds <= 0
            ? former.Rates
            : bytes.Where(peer => former.Bytes.TryGetValue(peer.Key, out var before) && peer.Value >= before)
                .ToImmutableDictionary(peer => peer.Key, peer => (peer.Value - former.Bytes[peer.Key]) / seconds);
    }

    private sealed record Counted(DateTimeOffset At, ImmutableDictionary<uint, ulong> Bytes, ImmutableDictionary<uint, double> Rates)
    {
        public double? Rate(uint peer) => Rates.TryGetValue(peer, out var rate) ? rate : null;
    }
}
