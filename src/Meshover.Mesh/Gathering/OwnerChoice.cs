using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Gathering;

/// <summary>
/// Which of several owners a node carries a range's packets to. A living owner is left for none but one of a greater priority that has been well for
/// <see cref="Settled"/>: flows through it would break, as what outside remembers of them is there. Pure.
/// </summary>
public static class OwnerChoice
{
    /// <summary>BGP, checks and whoever balances outside have come to rest by then.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    /// <param name="owners">In the order in which they are asked.</param>
    /// <param name="wellFor">How long one could take the packets by now; null: it cannot.</param>
    /// <param name="present">Who has them; null: nobody.</param>
    /// <returns>Null: nobody can.</returns>
    public static GatherOwner? Of(ImmutableArray<GatherOwner> owners, Func<GatherOwner, TimeSpan?> wellFor, NodeId? present)
    {
        var living = owners.Where(owner => wellFor(owner) is not null).ToList();
        var keeper = living.Find(owner => owner.Node == present);
        return keeper is null
            ? living.FirstOrDefault()
            : living.Find(owner => owner.Priority > keeper.Priority && wellFor(owner) >= Settled) ?? keeper;
    }
}
