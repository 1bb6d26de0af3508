using System.Collections.Immutable;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Topology;

/// <summary>
/// Chooses the transit nodes. In a full mesh where all re-announce, each node holds O(n²) paths; a few transit nodes make it O(n).
/// Pure, and O(n log n).
/// </summary>
public static class TopologyPlanner
{
    /// <summary>Up to so many nodes, all are transit.</summary>
    private const int LargestSmall = 16;

    /// <summary>A mesh that was larger counts as small again below this, so that it does not swing at the bound.</summary>
    private const int SmallAgain = 12;

    /// <summary>Beyond that, so many are elected: enough that two may fail at once.</summary>
    private const int Elected = 3;

    /// <param name="nodes">All members.</param>
    /// <param name="wasSmall"><see cref="TopologyPlan.IsSmall"/> of the former plan; true for a new mesh.</param>
    public static TopologyPlan Plan(IReadOnlyCollection<TopologyNode> nodes, bool wasSmall)
    {
        var isSmall = wasSmall ? nodes.Count <= LargestSmall : nodes.Count < SmallAgain;
        var always = nodes.Where(node => node.Role == TransitRole.Always).Select(node => node.Node.Id);
        var transits = isSmall
            ? nodes.Where(node => node.Role != TransitRole.Never).Select(node => node.Node.Id)
            : always.Concat(Elect(nodes));
        return new TopologyPlan([.. transits], isSmall);
    }

    private static HashSet<NodeId> Elect(IReadOnlyCollection<TopologyNode> nodes)
    {
        var members = nodes.CountBy(node => Reach.Of(node.Node)).ToDictionary();
        var candidates = Rank(nodes, members);
        // One that is to be left is elected, or stays, only where nobody else can do it.
        var willing = candidates.FindAll(node => node is { IsOnline: true, Node.IsDraining: false });
        var elected = SpreadOverSites(willing.Count >= Elected ? willing : candidates);
        var served = nodes.Where(node => node.Role == TransitRole.Always || elected.Contains(node.Node.Id))
            .Select(node => Reach.Of(node.Node)).ToHashSet();
        foreach (var (a, b) in PairsWithoutLink(members))
        {
            if (served.Any(transit => transit.Reaches(a) && transit.Reaches(b)))
                continue;
            var helper = candidates.FirstOrDefault(node => Reach.Of(node.Node) is var reach && reach.Reaches(a) && reach.Reaches(b));
            if (helper is null)
                continue;
            elected.Add(helper.Node.Id);
            served.Add(Reach.Of(helper.Node));
        }
        // One that is being drained goes on beside its successors until it is off: everybody likes it least (RFC 8326), and each node finds the new ones in its own time.
        elected.UnionWith(nodes.Where(node => node is { IsOnline: true, Role: TransitRole.Auto, Node: { IsDraining: true, IsTransit: true } }).Select(node => node.Node.Id));
        return elected;
    }

    /// <summary>Best connected first. A sitting transit node goes before a newcomer of its kind: each change moves routes everywhere.</summary>
    private static List<TopologyNode> Rank(IReadOnlyCollection<TopologyNode> nodes, Dictionary<Reach, int> members) =>
    [.. nodes
        .Where(node => node.Role == TransitRole.Auto)
        .OrderByDescending(node => node.IsOnline)
        .ThenBy(node => node.Node.IsDraining)
        .ThenByDescending(node => Degree(Reach.Of(node.Node), members))
        .ThenByDescending(node => node.Node.IsTransit)
        .ThenByDescending(node => node.LinksUp)
        .ThenBy(node => node.Node.Id)];

    private static int Degree(Reach reach, Dictionary<Reach, int> members) =>
        members.Where(other => reach.Reaches(other.Key)).Sum(other => other.Value);

    private static HashSet<NodeId> SpreadOverSites(List<TopologyNode> candidates)
    {
        var firstOfSites = candidates.DistinctBy(node => node.Node.Site).Take(Elected).ToList();
        return [.. firstOfSites.Concat(candidates.Except(firstOfSites)).Take(Elected).Select(node => node.Node.Id)];
    }

    private static IEnumerable<(Reach A, Reach B)> PairsWithoutLink(Dictionary<Reach, int> members) =>
        from a in members
        from b in members
        where (a.Key != b.Key || a.Value > 1) && !a.Key.Reaches(b.Key)
        select (a.Key, b.Key);
}
