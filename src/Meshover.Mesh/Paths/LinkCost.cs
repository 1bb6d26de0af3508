using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Paths;

/// <summary>
/// What a link costs, in units of 0.1 ms, as MED (RFC 4271, section 5.1.4) sums it over the hops of a way. Each end adds its half twice: to what it tells the other,
/// and to what it hears from it. So a link costs the same in both directions, whatever the two ends measure and are told by their operators, and with nothing
/// between them to agree upon.
/// </summary>
public static class LinkCost
{
    /// <summary>Of one end of any link: two links cost as much more than one as 8 ms, which is what two of the best may take.</summary>
    public const int Base = 40;

    /// <summary>What an operator may add at one end.</summary>
    public const int MostAdded = 10_000;

    /// <summary>Whether routing does the same by both; one of which nothing is known costs as a good one does.</summary>
    public static bool AreEqual(ImmutableSortedDictionary<NodeId, LinkQuality> one, ImmutableSortedDictionary<NodeId, LinkQuality> other) =>
        one.All(link => AreEqual(link.Value, other.GetValueOrDefault(link.Key))) && other.All(link => AreEqual(link.Value, one.GetValueOrDefault(link.Key)));

    private static bool AreEqual(LinkQuality one, LinkQuality other) => one.Cost == other.Cost && one.Bfd == other.Bfd;
}
