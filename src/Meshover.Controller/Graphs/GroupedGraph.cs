using System.Collections.Immutable;
using Meshover.Controller.Live;

namespace Meshover.Controller.Graphs;

/// <summary>
/// A large mesh as a graph of groups. A look at each pair would be O(n²), 4.5 million at 3,000 members: so it is counted how many pairs there are between two
/// groups, and which are listed as exceptions; of the rest it is judged how many there are of each kind (<see cref="UnlistedLinks"/>).
/// O(n + exceptions + groups²). Pure.
/// </summary>
internal static class GroupedGraph
{
    /// <summary>Between so many there are 3,916 edges, fewer than <see cref="MeshGraph.MostEdges"/>.</summary>
    public const int MostGroups = 89;
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
        var unlisted = UnlistedLinks.Of(members);
        var edges = Edges(groups, unlisted, Listed(members, index, unlisted));
        return new MeshGraph([.. groups.Select(group => Node(group, members.Length))], [.. edges]);
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
        var ok = MeshGraph.Word(NodeState.Ok);
        var worst = group.Members.GroupBy(member => MeshGraph.Word(member.State)).OrderBy(state => state.Key == ok).ThenByDescending(state => state.Count()).First();
        var state = worst.Key == ok ? ok : $"{worst.Count()} {worst.Key}{WhatMostWere([.. worst])}";
        return new GraphNode($"group:{group.Name}", group.Name, $"{group.Members.Length} nodes", state, links, group.Members);
    }

    /// <summary>Of those that were not heard since the controller's start: what was last known of the most.</summary>
    private static string WhatMostWere(ImmutableArray<GraphMember> members) =>
        members.Where(member => member is { State: NodeState.Unknown, LastKnown: not null and not NodeState.Unknown }).CountBy(member => MeshGraph.Word(member.LastKnown!.Value)).OrderByDescending(known => known.Value).FirstOrDefault()
            is { Value: > 0 } most ? $", {most.Value} were {most.Key}" : "";

    /// <summary>By groups: what the pairs that somebody lists are, less what they would be if nobody did.</summary>
    private static Dictionary<(int, int), LinkShares> Listed(
        ImmutableArray<GraphMember> members, Dictionary<uint, (int Group, GraphMember Member)> index, Dictionary<uint, UnlistedLinks> unlisted)
    {
        var shares = new Dictionary<(int, int), LinkShares>();
        var seen = new HashSet<(uint, uint)>();
        foreach (var member in members)
        {
            foreach (var id in member.Speaks?.Exceptions?.Keys ?? [])
            {
                if (!index.TryGetValue(id, out var other) || other.Group == index[member.Id].Group || !seen.Add(Pair(member.Id, id)))
                    continue;
                var pair = Pair(index[member.Id].Group, other.Group);
                var unless = UnlistedLinks.Between(unlisted[member.Id], unlisted[id]);
                shares[pair] = shares.GetValueOrDefault(pair) + LinkShares.Of(Links.Between(member, other.Member).State) - LinkShares.Of(unless);
            }
        }
        return shares;
    }

    private static IEnumerable<GraphEdge> Edges(List<GroupOfMembers> groups, Dictionary<uint, UnlistedLinks> unlisted, Dictionary<(int, int), LinkShares> listed)
    {
        // Of each group, how many members of each kind it has: there are few kinds.
        var kinds = groups.ConvertAll(group => group.Members.CountBy(member => unlisted[member.Id]).ToList());
        for (var i = 0; i < groups.Count; i++)
        {
            for (var j = i + 1; j < groups.Count; j++)
            {
                var shares = listed.GetValueOrDefault((i, j));
                foreach (var (one, ones) in kinds[i])
                {
                    foreach (var (other, others) in kinds[j])
                        shares += LinkShares.Of(UnlistedLinks.Between(one, other)) * ((long)ones * others);
                }
                var all = (long)groups[i].Members.Length * groups[j].Members.Length;
                yield return new GraphEdge($"group:{groups[i].Name}", $"group:{groups[j].Name}", shares, Word(shares, all), Rtt: null);
            }
        }
    }

    private static string Word(LinkShares links, long all) =>
        links.NotUp > 0 ? $"{links.NotUp} of {all} not up" : links.Unknown > 0 ? $"{links.Unknown} of {all} unknown" : $"{all} links";

    private static (T, T) Pair<T>(T a, T b) where T : IComparable<T> => a.CompareTo(b) < 0 ? (a, b) : (b, a);

    private sealed record GroupOfMembers(string Name, ImmutableArray<GraphMember> Members);
}
