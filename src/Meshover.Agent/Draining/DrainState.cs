using System.Collections.Immutable;
using System.Net;

namespace Meshover.Agent.Draining;

/// <summary>In this order (docs/decisions/083).</summary>
internal enum DrainStage
{
    /// <summary>What it has as one of several nodes, another one takes over.</summary>
    HandingOver,

    /// <summary>All that comes from it, or goes through it, is liked least.</summary>
    LeastLiked,

    /// <summary>What others announce, too, it announces no more; packets still come in.</summary>
    Withdrawing,

    /// <summary>It may be stopped.</summary>
    Drained,
}

/// <summary>How far a node is left.</summary>
/// <param name="Others">Prefixes that other nodes announce, too.</param>
/// <param name="IsForStop">It goes in a moment: nothing of this is kept.</param>
internal sealed record DrainState(DrainStage Stage, ImmutableHashSet<IPNetwork> Others, bool IsForStop)
{
    public bool IsLeastLiked => Stage >= DrainStage.LeastLiked && !(IsForStop && Others.IsEmpty && Stage == DrainStage.Drained);

    /// <summary>Traffic has been moved away: who plans for all may take its roles from it.</summary>
    public bool IsToldToAll => Stage >= DrainStage.Withdrawing && !IsForStop;

    public bool Equals(DrainState? other) => other is not null && Stage == other.Stage && IsForStop == other.IsForStop && Others.SetEquals(other.Others);

    public override int GetHashCode() => HashCode.Combine(Stage, Others.Count, IsForStop);
}
