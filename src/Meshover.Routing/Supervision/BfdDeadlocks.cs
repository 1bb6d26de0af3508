namespace Meshover.Routing.Supervision;

/// <summary>Which neighbours have long been waiting for each other, and whether it is time for a start of FRR because of them.</summary>
internal sealed class BfdDeadlocks(TimeProvider time)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _between = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, long> _waitsSince = [];
    private readonly HashSet<string> _startedFor = [];
    private long? _lastStart;

    public static bool Waits(NeighborStatus neighbor) => neighbor is { BgpState: "Idle", BfdUp: false };

    /// <param name="neighbors">As they are now.</param>
    /// <param name="linksUp">A neighbour without its link waits for that.</param>
    /// <returns>FRR is to be started anew, now.</returns>
    public bool Look(IEnumerable<NeighborStatus> neighbors, IReadOnlySet<string> linksUp)
    {
        var waiting = neighbors.Where(n => Waits(n) && linksUp.Contains(n.Interface)).Select(n => n.Interface).ToHashSet();
        Remember(waiting, neighbors.Where(n => n.BgpState == "Established").Select(n => n.Interface));
        var due = waiting.Where(n => !_startedFor.Contains(n) && time.GetElapsedTime(_waitsSince[n]) > _patience).ToList();
        if (due.Count == 0 || (_lastStart is { } last && time.GetElapsedTime(last) < _between)) return false;
        _startedFor.UnionWith(due);
        _waitsSince.Clear();
        _lastStart = time.GetTimestamp();
        return true;
    }

    private void Remember(HashSet<string> waiting, IEnumerable<string> established)
    {
        _startedFor.ExceptWith(established);
        foreach (var gone in _waitsSince.Keys.Where(n => !waiting.Contains(n)).ToList()) _waitsSince.Remove(gone);
        foreach (var neighbor in waiting) _waitsSince.TryAdd(neighbor, time.GetTimestamp());
    }
}
