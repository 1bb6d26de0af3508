using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Gathering;

/// <summary>
/// Which of several owners a node carries a range's packets to. A living owner is left for none but one of a greater priority that has been well for
/// <see cref="Settled"/>: flows through it would break, as what outside remembers of them is there.
/// A check that fails decides between owners alone: while it fails at all that are reached, one of those has the packets, which is never worse than to refuse them. Pure.
/// </summary>
public static class OwnerChoice
{
    /// <summary>BGP, checks and whoever balances outside have come to rest by then.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    /// <param name="owners">In any order; they are asked by priority, and those of one priority by share.</param>
    /// <param name="wellFor">How long one could take the packets by now; null: it cannot.</param>
    /// <param name="isReached">Whether packets would come to it, whatever its check says.</param>
    /// <param name="present">Who has them; null: nobody.</param>
    /// <returns>Null: nobody can.</returns>
    public static GatherOwner? Of(ImmutableArray<GatherOwner> owners, Func<GatherOwner, TimeSpan?> wellFor, Func<GatherOwner, bool> isReached, NodeId? present)
    {
        GatherOwner[] asked = [.. owners.OrderByDescending(owner => owner.Priority).ThenByDescending(owner => owner.Share)];
        GatherOwner[] living = [.. asked.Where(owner => wellFor(owner) is not null)];
        if (living.Length == 0)
            return Array.Find(asked, owner => owner.Node == present && isReached(owner)) ?? Array.Find(asked, owner => isReached(owner));
        var keeper = Array.Find(living, owner => owner.Node == present);
        return keeper is null
            ? living[0]
            : Array.Find(living, owner => owner.Priority > keeper.Priority && wellFor(owner) >= Settled) ?? keeper;
    }
}
