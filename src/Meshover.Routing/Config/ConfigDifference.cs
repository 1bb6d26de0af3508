using System.Text;

namespace Meshover.Routing.Config;

/// <summary>
/// The commands that turn one configuration of a daemon into another: first what goes, in reverse order (so that nothing goes before
/// what refers to it), then what comes, then route-maps and lists that are no more: until then a neighbour may have one that gets another now. One without the map
/// that it names takes nothing, and a map without its list may take too much. Both texts are ours, so nothing is read back from FRR, whose own words change between
/// releases (docs/decisions/003-frr-differences.md).
/// </summary>
internal sealed record ConfigDifference(string Removals, string Additions, string Leftovers, int Commands)
{
    /// <summary>Of the commands those that announce a prefix, or announce it no more. bgpd takes a thousand of them in some tenths of a second.</summary>
    public int Announcements { get; private init; }

    public static ConfigDifference Between(string running, string wanted)
    {
        var (old, now) = (Effective(running), Effective(wanted));
        var gone = new RemovedLines(old, now);
        var kept = old.Where(l => !gone.Contains(l)).ToHashSet();
        var added = now.Where(l => !kept.Contains(l)).Distinct().ToList();
        var removals = gone.Commands();
        var filters = now.Where(line => line.Context.Length == 0).Select(line => FilterOf(line.Words)).OfType<string>().ToHashSet();
        var (last, first) = (removals.FindAll(IsOfFilterThatGoes), removals.FindAll(line => !IsOfFilterThatGoes(line)));
        return new ConfigDifference(Script(first), Script(added), Script(last), removals.Count + added.Count) { Announcements = removals.Concat(added).Count(IsAnnouncement) };

        bool IsOfFilterThatGoes(ConfigLine line) => line.Context.Length == 0 && line.Words is ["no", .. var words] && FilterOf(words) is { } filter && !filters.Contains(filter);
    }

    /// <summary>The route-map or list that a line is part of; null: of none.</summary>
    private static string? FilterOf(string[] words) => words switch
    {
        ["route-map", var name, "permit" or "deny", _] => $"route-map {name}",
        ["ip" or "ipv6", "prefix-list", var name, ..] => $"{words[0]} prefix-list {name}",
        ["bgp", "as-path", "access-list", var name, ..] => $"as-path {name}",
        ["bgp", "community-list" or "large-community-list" or "extcommunity-list", "standard" or "expanded", var name, ..] => $"{words[1]} {name}",
        ["bgp", "community-list" or "large-community-list" or "extcommunity-list", var number, ..] => $"{words[1]} {number}",
        ["access-list", var name, ..] => $"ip access-list {name}",
        ["ip" or "ipv6", "access-list", var name, ..] => $"{words[0]} access-list {name}",
        _ => null,
    };

    private static bool IsAnnouncement(ConfigLine line) => line.Words is ["network", ..] or ["no", "network", ..];

    /// <summary>
    /// Without the lines that a later one overwrites, as a snippet may do with a built-in one: of such a pair, a change of either is one of what stands
    /// last, which must be said last, and is said again when it alone is left.
    /// </summary>
    private static List<ConfigLine> Effective(string configuration)
    {
        var later = new HashSet<string>();
        var lines = ConfigLines.Parse(configuration);
        lines.Reverse();
        lines.RemoveAll(line => RemovedLines.OverwriteKey(line) is { } key && !later.Add(key));
        lines.Reverse();
        return lines;
    }

    /// <summary>Lines under their contexts, each context entered anew only when it changes.</summary>
    private static string Script(List<ConfigLine> lines)
    {
        var script = new StringBuilder();
        string[] open = [];
        foreach (var line in lines)
        {
            open = Enter(script, open, line.ContextLines);
            script.Append(' ', open.Length).Append(line.Text).Append('\n');
        }
        Enter(script, open, []);
        return script.ToString();
    }

    private static string[] Enter(StringBuilder script, string[] open, string[] wanted)
    {
        var common = 0;
        while (common < open.Length && common < wanted.Length && open[common] == wanted[common]) common++;
        for (var i = open.Length; i > common; i--) script.Append(' ', i - 1).Append("exit\n");
        for (var i = common; i < wanted.Length; i++) script.Append(' ', i).Append(wanted[i]).Append('\n');
        return wanted;
    }
}
