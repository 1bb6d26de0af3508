using System.Collections.Immutable;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Routes;

/// <summary>By whom an announcement came, what each of these ways costs, and why those that are not used lost. Pure.</summary>
internal sealed class WayJudge
{
    private readonly Func<uint, string> _nameOf;

    /// <summary>What a way costs to a node itself, by its AS number and the neighbour's.</summary>
    private readonly Dictionary<(uint Node, uint Neighbor), uint> _toNode;
    private readonly Dictionary<string, AnnouncedPath> _used = [];

    /// <param name="facts">What bgpd says.</param>
    /// <param name="nameOf">Hostname by AS number.</param>
    public WayJudge(PrefixFacts facts, Func<uint, string> nameOf)
    {
        _nameOf = nameOf;
        _toNode = facts.ToNodes.Where(path => path.Origin != 0 && path.Neighbor != 0 && path.Cost is not null)
            .DistinctBy(path => (path.Origin, path.Neighbor)).ToDictionary(path => (path.Origin, path.Neighbor), path => path.Cost!.Value);
        foreach (var path in facts.Paths.Where(path => path.IsUsed))
            _used.TryAdd(path.Prefix, path);
    }

    /// <summary>False: an older daemon says of no path whether it is used; then all are taken to be.</summary>
    public bool SaysUse(string prefix) => _used.ContainsKey(prefix);

    /// <summary>The used ones first, then the cheapest. None of which the daemon does not say by whom it came.</summary>
    /// <param name="paths">Of one announcement.</param>
    public ImmutableArray<RouteWay> Of(ImmutableArray<AnnouncedPath> paths) =>
    [
        .. paths.Where(path => path.Neighbor != 0 || path.Router is not null).Select(Way)
            .OrderBy(way => !way.Used).ThenBy(way => way.Cost ?? uint.MaxValue).ThenBy(way => way.By, StringComparer.Ordinal),
    ];

    private RouteWay Way(AnnouncedPath path)
    {
        var best = path.IsUsed ? null : _used.GetValueOrDefault(path.Prefix);
        var link = Of(path, path.Neighbor);
        var whole = Of(path, path.Origin);
        return new RouteWay
        {
            By = path.Router ?? _nameOf(path.Neighbor),
            Cost = path.Cost,
            Link = link,
            Beyond = path.Cost - link,
            Set = whole >= link ? path.Cost - whole : null,
            Used = best is null,
            Reason = best is null ? null : WhyNot(path, best),
        };
    }

    /// <summary>What this way costs as far as that node; null: not known, or it was less when it was asked a moment ago.</summary>
    private uint? Of(AnnouncedPath path, uint node) => path.Router is null && _toNode.TryGetValue((node, path.Neighbor), out var cost) && cost <= path.Cost ? cost : null;

    /// <summary>In bgpd's own order: what a node says of itself sets the preference, and only among equal ones the cost counts. Routers outside have rules of their own.</summary>
    private static string WhyNot(AnnouncedPath path, AnnouncedPath best) => (path, best) switch
    {
        ({ IsGoing: true }, { IsGoing: false }) => "about to go",
        ({ Failover: { Role: FailoverRole.Standby } }, not { Failover: { Role: FailoverRole.Standby } }) => "it stands by",
        ({ Failover: { Role: FailoverRole.Standby, Priority: var priority } }, { Failover: { Role: FailoverRole.Standby, Priority: var greater } }) when priority < greater => $"its priority is {priority}",
        ({ Router: null, Cost: { } cost }, { Router: null, IsOwn: false, Cost: { } least }) when cost > least => $"costs {cost - least} more",
        ({ Router: null, Cost: { } cost }, { Router: null, IsOwn: false, Cost: { } least }) when cost == least => "costs as much; so many are used",
        _ => "preferred less",
    };
}
