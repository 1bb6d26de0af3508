using System.Collections.Immutable;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Which lost neighbours are dead. One whose session was lost while it restarts gracefully keeps its routes with us, as its kernel forwards
/// on; whether it does is seen by asking its kernel. Pure: looks and answers go in, whom to ask and whom to give up come out.
/// </summary>
internal sealed class LostNeighbors
{
    /// <summary>Questions in a row without an answer that make a neighbour dead.</summary>
    public const int MostUnanswered = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _unanswered = [];
    private readonly HashSet<string> _givenUp = [];

    /// <param name="lost">The links of all neighbours without a session whose routes may stand yet.</param>
    public LostNeighborsStep Look(IEnumerable<string> lost)
    {
        var links = lost.ToImmutableHashSet();
        lock (_lock)
        {
            foreach (var back in _unanswered.Keys.Where(l => !links.Contains(l)).ToList()) _unanswered.Remove(back);
            _givenUp.IntersectWith(links);
            var open = links.Where(l => !_givenUp.Contains(l)).Order(StringComparer.Ordinal).ToLookup(l => _unanswered.GetValueOrDefault(l) >= MostUnanswered);
            foreach (var link in open[false]) _unanswered[link] = _unanswered.GetValueOrDefault(link) + 1;
            return new LostNeighborsStep([.. open[false]], [.. open[true]]);
        }
    }

    /// <summary>The kernel at the other end of a link answered.</summary>
    public void Answered(string link)
    {
        lock (_lock)
            if (_unanswered.ContainsKey(link)) _unanswered[link] = 0;
    }

    /// <summary>The routes by these links were dropped: nothing is left to do until they are lost another time.</summary>
    public void GaveUp(IEnumerable<string> links)
    {
        lock (_lock) _givenUp.UnionWith(links);
    }
}

/// <param name="Ask">Links whose other end is to be asked now.</param>
/// <param name="GiveUp">Links whose other end is dead.</param>
internal sealed record LostNeighborsStep(ImmutableArray<string> Ask, ImmutableArray<string> GiveUp);
