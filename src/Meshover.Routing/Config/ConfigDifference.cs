using System.Text;

namespace Meshover.Routing.Config;

/// <summary>
/// The commands that turn one configuration of a daemon into another: first what goes, in reverse order (so that nothing goes before
/// what refers to it), then what comes, and behind that route-maps that are no more: until then a neighbour may have one that gets another now, and a
/// neighbour without the map that it names takes nothing. Both texts are ours, so nothing is read back from FRR, whose own words change between
/// releases (docs/decisions/003-frr-differences.md).
/// </summary>
internal sealed record ConfigDifference(string Removals, string Additions, int Commands)
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
        var maps = now.Select(RouteMap).OfType<string>().ToHashSet();
        var (last, first) = (removals.FindAll(IsOfMapThatGoes), removals.FindAll(line => !IsOfMapThatGoes(line)));
        return new ConfigDifference(Script(first), Script(added) + Script(last), removals.Count + added.Count) { Announcements = removals.Concat(added).Count(IsAnnouncement) };

        bool IsOfMapThatGoes(ConfigLine line) => line.Words is ["no", .. var words] && NameOfMap(words) is { } name && !maps.Contains(name);
    }

    private static string? RouteMap(ConfigLine line) => line.Context.Length == 0 ? NameOfMap(line.Words) : null;

    private static string? NameOfMap(string[] words) => words is ["route-map", var name, "permit" or "deny", _] ? name : null;

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
