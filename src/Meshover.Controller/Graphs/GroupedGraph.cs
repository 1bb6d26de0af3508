using System.Collections.Immutable;
using Meshover.Controller.Live;

namespace Meshover.Controller.Graphs;

/// <summary>
/// A large mesh as a graph of groups. A look at each pair would be O(n²), 4.5 million at 3,000 members: so it is counted how many pairs there are between two
/// groups, and which are listed as exceptions; of the rest those are up of which one end lists all its exceptions. O(n + exceptions + groups²). Pure.
/// </summary>
internal static class GroupedGraph
{
    public const int MostGroups = 100;
    private const string NoSite = "(no site)";
    private const string Others = "(others)";

    public static MeshGraph Of(ImmutableArray<GraphMember> members)
    {
        var groups = Group(members);
        var index = new Dictionary<uint, (int Group, GraphMember Member)>(members.Length);
        for (var g = 0; g < groups.Count; g++)
        {
            foreach (var member in groups[g].Members)
                index[member.Id] = (g, member);
        }
        var listed = Listed(members, index);
        return new MeshGraph([.. groups.Select(group => Node(group, members.Length))], [.. Edges(groups, listed)]);
    }

    // The largest by their names, the rest together. Names stay; which of them are among the largest seldom changes.
    private static List<GroupOfMembers> Group(ImmutableArray<GraphMember> members)
    {
        var groups = members.GroupBy(member => member.Site.Length > 0 ? member.Site : NoSite)
            .Select(group => new GroupOfMembers(group.Key, [.. group])).OrderByDescending(group => group.Members.Length).ThenBy(group => group.Name, StringComparer.Ordinal).ToList();
        if (groups.Count <= MostGroups)
            return groups;
        var rest = groups.Skip(MostGroups - 1).SelectMany(group => group.Members).ToImmutableArray();
        return [.. groups.Take(MostGroups - 1), new GroupOfMembers(Others, rest)];
    }

    private static GraphNode Node(GroupOfMembers group, int members)
    {
        var links = group.Members.Aggregate(default(LinkShares), (sum, member) => sum + MeshGraph.LinksOf(member, members));
        var worst = group.Members.CountBy(member => member.State).OrderBy(state => state.Key == NodeState.Ok).ThenByDescending(state => state.Value).First();
        var state = worst.Key == NodeState.Ok ? "ok" : $"{worst.Value} {MeshGraph.Word(worst.Key)}";
        return new GraphNode($"group:{group.Name}", group.Name, $"{group.Members.Length} nodes", state, links, group.Members);
    }

    /// <summary>Pairs that somebody lists, by their groups; those of which neither end lists all are counted beside.</summary>
    private static Dictionary<(int, int), (LinkShares Links, long OfIncomplete)> Listed(
        ImmutableArray<GraphMember> members, Dictionary<uint, (int Group, GraphMember Member)> index)
    {
        var counts = new Dictionary<(int, int), (LinkShares Links, long OfIncomplete)>();
        var seen = new HashSet<(uint, uint)>();
        foreach (var member in members)
        {
            foreach (var id in member.Speaks?.Exceptions?.Keys ?? [])
            {
                if (!index.TryGetValue(id, out var other) || other.Group == index[member.Id].Group || !seen.Add(Pair(member.Id, id)))
                    continue;
                var pair = Pair(index[member.Id].Group, other.Group);
                var (links, incomplete) = counts.GetValueOrDefault(pair);
                var isOfIncomplete = !member.IsComplete && !other.Member.IsComplete;
                counts[pair] = (links + LinkShares.Of(Links.Between(member, other.Member).State), incomplete + (isOfIncomplete ? 1 : 0));
            }
        }
        return counts;
    }

    private static IEnumerable<GraphEdge> Edges(List<GroupOfMembers> groups, Dictionary<(int, int), (LinkShares Links, long OfIncomplete)> listed)
    {
        var incomplete = groups.ConvertAll(group => (long)group.Members.Count(member => !member.IsComplete));
        for (var i = 0; i < groups.Count; i++)
        {
            for (var j = i + 1; j < groups.Count; j++)
            {
                var (links, known) = listed.GetValueOrDefault((i, j));
                var unknown = Math.Max(0, (incomplete[i] * incomplete[j]) - known);
                var all = (long)groups[i].Members.Length * groups[j].Members.Length;
                var shares = links with { Unknown = links.Unknown + unknown };
                shares = shares with { Up = shares.Up + Math.Max(0, all - shares.Up - shares.Indirect - shares.NotUp - shares.Unknown) };
                yield return new GraphEdge($"group:{groups[i].Name}", $"group:{groups[j].Name}", shares, Word(shares, all), Rtt: null);
            }
        }
    }

    private static string Word(LinkShares links, long all) =>
        links.NotUp > 0 ? $"{links.NotUp} of {all} not up" : links.Unknown > 0 ? $"{links.Unknown} of {all} unknown" : $"{all} links";

    private static (T, T) Pair<T>(T a, T b) where T : IComparable<T> => a.CompareTo(b) < 0 ? (a, b) : (b, a);

    private sealed record GroupOfMembers(string Name, ImmutableArray<GraphMember> Members);
}
