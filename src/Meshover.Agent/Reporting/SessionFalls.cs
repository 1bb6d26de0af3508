using System.Collections.Immutable;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Reporting;

/// <summary>Finds in what FRR says of its sessions those that ended since it was asked last, also where they are back by now (but for one that was as young then). For one thread at a time.</summary>
internal sealed class SessionFalls
{
    private Dictionary<string, long> _established = new(StringComparer.Ordinal);

    /// <returns>Their links.</returns>
    public ImmutableArray<string> Of(ImmutableArray<NeighborStatus> neighbors)
    {
        var now = neighbors.Where(neighbor => neighbor.BgpState == LinkStanding.Established).ToDictionary(neighbor => neighbor.Interface, neighbor => neighbor.UptimeMs, StringComparer.Ordinal);
        ImmutableArray<string> fallen = [.. _established.Where(former => !now.TryGetValue(former.Key, out var uptime) || uptime < former.Value).Select(former => former.Key)];
        _established = now;
        return fallen;
    }
}
