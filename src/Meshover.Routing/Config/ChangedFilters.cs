namespace Meshover.Routing.Config;

/// <summary>Which neighbours' routes must be looked at anew after the contents of lists changed.</summary>
internal static class ChangedFilters
{
    /// <summary>Beyond it, one command for all costs less than one for each.</summary>
    private const int MostNamed = 64;

    private static readonly string[] _all = ["clear bgp ipv4 unicast * soft in", "clear bgp ipv6 unicast * soft in"];

    /// <returns>FRR's commands: for each neighbour whose own list changed; for all where a list changed that is used in another way.</returns>
    public static IReadOnlyList<string> Commands(ConfigDifference difference, string wanted)
    {
        var added = ConfigLines.Parse(difference.Additions);
        var changed = ConfigLines.Parse(difference.Removals).Concat(ConfigLines.Parse(difference.Leftovers)).Concat(added).Select(Positive).ToList();
        var lists = changed.SelectMany(ListOf).ToHashSet();
        if (lists.Count == 0) return [];
        var fresh = added.Where(l => l.Words is ["neighbor", _, "interface" or "remote-as", ..]).Select(l => l.Words[1]).ToHashSet();
        var names = lists.Select(l => l.Name).ToHashSet();
        var lines = ConfigLines.Parse(wanted);
        var groups = lines.Where(l => l.Words is ["neighbor", _, "peer-group"]).Select(l => l.Words[1]).ToHashSet();
        var uses = lines.Where(l => !ListOf(l.Words).Any() && l.Words.Any(names.Contains)).SelectMany(l => NeighboursOf(l, lines, lists)).ToLookup(l => IsOfOneNeighbour(l) && !groups.Contains(l.Words[1]));
        var named = uses[true].Where(l => !fresh.Contains(l.Words[1]) && (l.Words[2] == "route-map" || lists.Contains((Family(l), l.Words[3])))).Select(Command).Distinct().ToLookup(c => c.EndsWith(" in", StringComparison.Ordinal));
        var isForAll = uses[false].Any() || named[true].Count() > MostNamed;
        return [.. isForAll ? _all : named[true], .. named[false]];
    }

    private static string[] Positive(ConfigLine line) => line.Words is ["no", .. var rest] ? rest : line.Words;

    /// <summary>The list that a line is part of, by the families in which it may be used.</summary>
    private static IEnumerable<(string Family, string Name)> ListOf(string[] words) => words switch
    {
        ["ip", "prefix-list", var name, ..] => [("ipv4", name)],
        ["ipv6", "prefix-list", var name, ..] => [("ipv6", name)],
        ["bgp", "as-path", "access-list", var name, ..] => [("ipv4", name), ("ipv6", name)],
        _ => [],
    };

    private static string Family(ConfigLine line) => line.ContextLines[1].Split(' ')[1];

    /// <summary>Of a prefix-list that a route-map looks at, the lines by which neighbours have that map in the list's family; the line itself where the map is used in other ways, too. None where the list of another family changed.</summary>
    private static IEnumerable<ConfigLine> NeighboursOf(ConfigLine use, List<ConfigLine> lines, HashSet<(string Family, string Name)> lists)
    {
        if (use is not { Words: ["match", "ip" or "ipv6", "address", "prefix-list", _], ContextLines: [var context] } || context.Split(' ') is not ["route-map", var map, ..])
            return [use];
        var family = use.Words[1] == "ip" ? "ipv4" : "ipv6";
        if (!lists.Contains((family, use.Words[4])))
            return [];
        var ofMap = lines.FindAll(line => line.Words.Contains(map) && line.Words[0] != "route-map");
        return ofMap.Count > 0 && ofMap.TrueForAll(IsOfOneNeighbour) ? ofMap.Where(line => Family(line) == family) : [use];
    }

    private static bool IsOfOneNeighbour(ConfigLine line) =>
        line.Words is ["neighbor", _, "prefix-list" or "filter-list" or "route-map", _, "in" or "out"] && line.ContextLines is [_, "address-family ipv4 unicast" or "address-family ipv6 unicast"];

    private static string Command(ConfigLine use) => $"clear bgp {Family(use)} unicast {use.Words[1]} soft {use.Words[4]}";
}
