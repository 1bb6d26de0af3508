using Meshover.Mesh.Identity;

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
        var changed = ConfigLines.Parse(difference.Removals).Concat(added).Select(Positive).ToList();
        if (changed.Any(w => w is ["bgp", "as-path", ..])) return _all;
        var lists = changed.Select(ListOf).OfType<(string Family, string Name)>().ToHashSet();
        if (lists.Count == 0) return [];
        var fresh = added.Where(l => l.Words is ["neighbor", _, "interface", ..]).Select(l => l.Words[1]).ToHashSet();
        var names = lists.Select(l => l.Name).ToHashSet();
        var uses = ConfigLines.Parse(wanted).Where(l => ListOf(l.Words) is null && l.Words.Any(names.Contains)).ToList();
        if (!uses.All(IsOfOneLink)) return _all;
        var named = uses.Where(l => !fresh.Contains(l.Words[1]) && lists.Contains((Family(l), l.Words[3]))).Select(Command).Distinct().ToList();
        return named.Count <= MostNamed ? named : _all;
    }

    private static string[] Positive(ConfigLine line) => line.Words is ["no", .. var rest] ? rest : line.Words;

    private static (string Family, string Name)? ListOf(string[] words) =>
        words is ["ip" or "ipv6", "prefix-list", var name, ..] ? (words[0] == "ip" ? "ipv4" : "ipv6", name) : null;

    private static string Family(ConfigLine line) => line.ContextLines[1].Split(' ')[1];

    /// <summary>Not a peer-group, nor a route-map.</summary>
    private static bool IsOfOneLink(ConfigLine line) =>
        line.Words is ["neighbor", var link, "prefix-list", _, "in"] && NodeId.IsLinkName(link) && line.ContextLines is [_, "address-family ipv4 unicast" or "address-family ipv6 unicast"];

    private static string Command(ConfigLine use) => $"clear bgp {Family(use)} unicast {use.Words[1]} soft in";
}
