namespace Meshover.Routing.Config;

/// <summary>
/// What must go from a configuration, in the fewest commands: a context that goes takes its lines along, and so does a BGP neighbour,
/// whose lines stand in several contexts; a line that another one overwrites needs no <c>no</c>.
/// </summary>
internal sealed class RemovedLines
{
    private readonly List<ConfigLine> _old;
    private readonly HashSet<ConfigLine> _gone;
    private readonly HashSet<string> _overwritten;

    /// <summary>The line that stands first for each neighbour: the one that makes it.</summary>
    private readonly Dictionary<string, ConfigLine> _first = [];

    public RemovedLines(List<ConfigLine> old, List<ConfigLine> wanted)
    {
        _old = old;
        var (before, now) = (old.ToHashSet(), wanted.ToHashSet());
        foreach (var line in old)
            if (NeighborKey(line) is { } key) _first.TryAdd(key, line);
        _gone = [.. old.Where(l => !now.Contains(l))];
        var neighbors = _old.Where(IsNeighborCreation).Where(_gone.Contains).Select(NeighborKey).OfType<string>().ToHashSet();
        _gone.UnionWith(_old.Where(l => NeighborKey(l) is { } key && neighbors.Contains(key)));
        _overwritten = [.. now.Where(l => !before.Contains(l)).Select(OverwriteKey).OfType<string>()];
    }

    public bool Contains(ConfigLine line) => _gone.Contains(line);

    /// <summary>The <c>no</c> commands, last line first.</summary>
    public List<ConfigLine> Commands() =>
        [.. Enumerable.Reverse(_old).Where(_gone.Contains).Distinct().Where(l => !IsTakenAlong(l) && !IsOverwritten(l) && !IsMerePlace(l)).Select(Negate)];

    private static ConfigLine Negate(ConfigLine line) => line with
    {
        Text = line.Words switch
        {
            ["no", ..] => line.Text[3..],
            ["call", _] when IsInRouteMap(line) => "no call", // 8.4 takes no name there
            _ => $"no {line.Text}",
        },
    };

    private bool IsTakenAlong(ConfigLine line) =>
        ContextIsGone(line) || (NeighborKey(line) is { } key && _first[key] != line && _gone.Contains(_first[key]));

    private bool ContextIsGone(ConfigLine line)
    {
        var lines = line.ContextLines;
        for (var depth = 0; depth < lines.Length; depth++)
        {
            var header = new ConfigLine(string.Join(ConfigLine.Separator, lines[..depth]), lines[depth]);
            if (_gone.Contains(header) && !IsMerePlace(header)) return true;
        }
        return false;
    }

    private bool IsOverwritten(ConfigLine line) => OverwriteKey(line) is { } key && _overwritten.Contains(key);

    /// <summary>A place that exists whether configured or not, and cannot be removed.</summary>
    private static bool IsMerePlace(ConfigLine line) =>
        line.Text.StartsWith("interface ", StringComparison.Ordinal) || line.Text.StartsWith("address-family ", StringComparison.Ordinal);

    /// <summary>The line that makes a neighbour: <c>neighbor X interface …</c>, <c>neighbor X remote-as N</c>, <c>neighbor X peer-group</c>.</summary>
    private static bool IsNeighborCreation(ConfigLine line) =>
        line.ContextLines.Length == 1 && NeighborKey(line) is not null && line.Words is [_, _, "interface" or "remote-as", ..] or [_, _, "peer-group"];

    /// <summary>The router and the neighbour that a line is about.</summary>
    private static string? NeighborKey(ConfigLine line) =>
        line.Words is ["neighbor", var name, ..] && line.ContextLines is [var router, ..] && router.StartsWith("router bgp ", StringComparison.Ordinal)
            ? $"{router}{ConfigLine.Separator}{name}"
            : null;

    /// <summary>Equal for two lines of which the later one replaces the earlier one; null for lines that stand side by side.</summary>
    public static string? OverwriteKey(ConfigLine line) => line.Words switch
    {
        ["neighbor", var name, "route-map" or "prefix-list" or "filter-list", _, "in" or "out"] w => Key(line, $"neighbor {name} {w[2]} {w[4]}"),
        ["neighbor", var name, "port" or "password" or "update-source" or "local-as" or "ebgp-multihop" or "ttl-security", ..] w => Key(line, $"neighbor {name} {w[2]}"),
        ["neighbor", var name, "bfd", "profile", _] => Key(line, $"neighbor {name} bfd profile"),
        ["neighbor", var name, "timers", "connect", _] => Key(line, $"neighbor {name} timers connect"),
        ["neighbor", var name, "timers", _, _] => Key(line, $"neighbor {name} timers"),
        ["neighbor", var name, "maximum-prefix", ..] => Key(line, $"neighbor {name} maximum-prefix"),
        ["ipv6", "nd", "ra-interval", _] => Key(line, "ipv6 nd ra-interval"),
        ["network", var prefix, ..] => Key(line, $"network {prefix}"),
        ["call", _] when IsInRouteMap(line) => Key(line, "call"),
        ["set", "as-path", "exclude", ..] when IsInRouteMap(line) => Key(line, "set as-path exclude"),
        ["set", "community", ..] when IsInRouteMap(line) => Key(line, "set community"),
        ["set" or "match", .., _] w when IsInRouteMap(line) => Key(line, string.Join(' ', w[..^1])),
        [var timer, _] when line.ContextLines is ["bfd", _, ..] => Key(line, timer),
        ["bgp", "graceful-restart", var timer, _] => Key(line, $"bgp graceful-restart {timer}"),
        ["bgp", "router-id", _] => Key(line, "bgp router-id"),
        ["bgp", "route-map", "delay-timer", _] => Key(line, "bgp route-map delay-timer"),
        ["maximum-paths" or "coalesce-time", _] w => Key(line, w[0]),
        ["hostname", _] => Key(line, "hostname"),
        ["ip" or "ipv6", "protocol", _, "route-map", _] w => Key(line, string.Join(' ', w[..4])),
        _ => null,
    };

    private static bool IsInRouteMap(ConfigLine line) => line.Context.StartsWith("route-map ", StringComparison.Ordinal);

    private static string Key(ConfigLine line, string words) => $"{line.Context}{ConfigLine.Separator}{words}";
}
