using System.Collections.Immutable;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>Which of several nodes has a prefix, as one of them sees it by BGP alone. Pure; the same rule on each.</summary>
internal static class FailoverChoice
{
    /// <summary>One of a greater priority takes the prefix from a living one when it has been well for so long.</summary>
    public static readonly TimeSpan Steady = TimeSpan.FromSeconds(10);

    /// <param name="mine">What this node is.</param>
    /// <param name="self">Its AS number.</param>
    /// <param name="paths">To the prefix, of all nodes.</param>
    /// <param name="wellFor">Since when this node could have it.</param>
    /// <param name="isDraining">It gives the prefix to whoever is there.</param>
    public static FailoverRole Next(Failover mine, uint self, ImmutableArray<AnnouncedPath> paths, TimeSpan wellFor, bool isDraining = false)
    {
        // A node that is drained marks all that it hears: there the mark says nothing of others.
        var others = paths.Where(path => path.Origin != 0 && path.Origin != self && path.Failover is not null && (isDraining || !path.IsGoing)).ToList();
        var actives = others.Where(path => path.Failover!.Value.Role == FailoverRole.Active).ToList();
        if (isDraining)
            return actives.Count > 0 || (mine.Role == FailoverRole.Standby && others.Count > 0) ? FailoverRole.Standby : FailoverRole.Leaving;
        if (mine.Role != FailoverRole.Standby)
            return actives.Exists(other => ComesBefore(other, mine.Priority, self)) ? FailoverRole.Standby : FailoverRole.Active;
        if (actives.Count > 0)
            return actives.TrueForAll(other => other.Failover!.Value.Priority < mine.Priority) && wellFor >= Steady ? FailoverRole.Active : FailoverRole.Standby;
        return others.Exists(other => other.Failover!.Value.Role == FailoverRole.Standby && ComesBefore(other, mine.Priority, self)) ? FailoverRole.Standby : FailoverRole.Active;
    }

    /// <summary>Of equals the smaller AS number, which is the older member.</summary>
    private static bool ComesBefore(AnnouncedPath other, int priority, uint self) =>
        other.Failover!.Value.Priority > priority || (other.Failover!.Value.Priority == priority && other.Origin < self);
}
