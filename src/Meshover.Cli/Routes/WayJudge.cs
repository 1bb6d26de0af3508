using System.Collections.Immutable;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Routes;

/// <summary>By whom an announcement came, what each of these ways costs, and why those that are not used lost. Pure.</summary>
internal sealed class WayJudge
{
    private readonly Func<uint, string> _nameOf;
    private readonly Dictionary<uint, uint> _links;
    private readonly Dictionary<string, AnnouncedPath> _used = [];

    /// <param name="facts">What bgpd says.</param>
    /// <param name="nameOf">Hostname by AS number.</param>
    public WayJudge(PrefixFacts facts, Func<uint, string> nameOf)
    {
        _nameOf = nameOf;
        _links = facts.ToNeighbors.Where(path => path.Origin != 0 && path.Origin == path.Neighbor && path.Cost is not null)
            .DistinctBy(path => path.Neighbor).ToDictionary(path => path.Neighbor, path => path.Cost!.Value);
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
        uint? link = path.Router is null && _links.TryGetValue(path.Neighbor, out var cost) && cost <= path.Cost ? cost : null;
        return new RouteWay
        {
            By = path.Router ?? _nameOf(path.Neighbor),
            Cost = path.Cost,
            Link = link,
            Beyond = path.Cost - link,
            Used = best is null,
            Reason = best is null ? null : WhyNot(path, best),
        };
    }

    /// <summary>In bgpd's own order: what a node says of itself sets the preference, and only among equal ones the cost counts. Routers outside have rules of their own.</summary>
    private static string WhyNot(AnnouncedPath path, AnnouncedPath best) => (path, best) switch
    {
        ({ IsGoing: true }, { IsGoing: false }) => "about to go",
        ({ Failover: { Role: FailoverRole.Standby } }, not { Failover: { Role: FailoverRole.Standby } }) => "it stands by",
        ({ Router: null, Cost: { } cost }, { Router: null, IsOwn: false, Cost: { } least }) when cost > least => $"costs {cost - least} more",
        _ => "preferred less",
    };
}
