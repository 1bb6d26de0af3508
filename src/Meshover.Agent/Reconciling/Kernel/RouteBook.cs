using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Main and its mirror without a dump of both in every pass: a machine that speaks BGP with its provider has a million routes, and a few of
/// them change each second. A pass gets the groups that changed since the last one, those that did not come right in it, and the few that
/// mean something beside the mirror; all of the tables only after something that is not told route by route, and now and then anyhow.
/// </summary>
internal sealed class RouteBook(IRouteNetlink netlink, RouteEventQueue events, TimeProvider time)
{
    /// <summary>All is looked at again after this long, or so rarely that it takes a fiftieth of the time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private const int Rarely = 50;

    private readonly RouteLedger _main = new();
    private readonly RouteLedger _mirror = new();
    private readonly HashSet<RouteGroup> _telling = [];
    private readonly HashSet<RouteGroup> _unsettled = [];
    private readonly Dictionary<int, LinkInfo> _links = [];
    private (long At, TimeSpan Cost)? _whole;

    /// <param name="names">Ours.</param>
    /// <param name="ours">The indexes of our links.</param>
    /// <param name="peers">Where packets go to: what covers them is told, too.</param>
    /// <exception cref="NetlinkException">A dump failed.</exception>
    internal (IReadOnlyList<RouteInfo> Main, IReadOnlyList<RouteInfo> Mirror) Look(KernelNames names, IReadOnlySet<int> ours, IEnumerable<IPAddress> peers)
    {
        var isTold = true;
        events.Drain(change => isTold &= TryApply(change, names, ours));
        if (!isTold || _whole is not { } last || time.GetElapsedTime(last.At) > Longest + (last.Cost * Rarely))
            return LookAtAll(names, ours);
        RouteGroup[] groups = [.. _unsettled.Concat(_telling).Concat(peers.SelectMany(_main.Covering)).Distinct()];
        return ([.. groups.SelectMany(_main.Of)], [.. groups.SelectMany(_mirror.Of)]);
    }

    /// <summary>The next pass looks again at what this one changes, or tried to.</summary>
    internal void Settle(IEnumerable<KernelChange> changes)
    {
        _unsettled.Clear();
        foreach (var change in changes)
        {
            if (change is AddRoute { Route: var added })
                _unsettled.Add(RouteGroup.Of(added));
            else if (change is RemoveRoute { Route: var removed })
                _unsettled.Add(RouteGroup.Of(removed));
        }
    }

    private (IReadOnlyList<RouteInfo> Main, IReadOnlyList<RouteInfo> Mirror) LookAtAll(KernelNames names, IReadOnlySet<int> ours)
    {
        _whole = null;
        var start = time.GetTimestamp();
        var main = netlink.GetRoutes(new RouteFilter { Table = RouteInfo.MainTable, ExceptProtocols = [RouteProtocols.Bgp], ExceptByLinks = ours });
        var mirror = netlink.GetRoutes(new RouteFilter { Table = names.UnderlayTable });
        _main.Fill(main);
        _mirror.Fill(mirror);
        _telling.Clear();
        _telling.UnionWith(main.Where(route => Tells(route, names)).Select(RouteGroup.Of));
        _whole = (time.GetTimestamp(), time.GetElapsedTime(start));
        return (main, mirror);
    }

    // Ours, default routes, and what has no copy.
    private static bool Tells(RouteInfo route, KernelNames names) =>
        route.Destination.PrefixLength == 0 || route.Protocol == names.Protocol || UnderlayMirror.CannotBeCopied(route);

    private bool TryApply(RouteEvent change, KernelNames names, IReadOnlySet<int> ours)
    {
        switch (change)
        {
            case RouteChangeEvent { Route: { IsCached: false, Table: RouteInfo.MainTable } } route when !IsOfTheMesh(route.Route, ours):
                Touch(route.Route, names);
                return _main.TryApply(route);
            case RouteChangeEvent { Route.IsCached: false } route when route.Route.Table == names.UnderlayTable:
                Touch(route.Route, names);
                return _mirror.TryApply(route);
            case LinkEvent link:
                return SaysNothingNew(link);
            // The kernel says nothing of the routes that go with a link or an address (fib_table_flush in its net/ipv4/fib_trie.c).
            case AddressEvent { Deleted: true } or ResyncEvent:
                return false;
            default:
                return true;
        }
    }

    private static bool IsOfTheMesh(RouteInfo route, IReadOnlySet<int> ours) =>
        route.Protocol == RouteProtocols.Bgp && UnderlayMirror.LinksOf(route).All(ours.Contains);

    private void Touch(RouteInfo route, KernelNames names)
    {
        _unsettled.Add(RouteGroup.Of(route));
        if (route.Table == RouteInfo.MainTable && Tells(route, names))
            _telling.Add(RouteGroup.Of(route));
    }

    private bool SaysNothingNew(LinkEvent change)
    {
        var says = change.Deleted || !_links.TryGetValue(change.Link.Index, out var before) || !KernelEventFilter.SaysNothingNew(before, change.Link);
        if (change.Deleted)
            _links.Remove(change.Link.Index);
        else
            _links[change.Link.Index] = change.Link;
        return !says;
    }
}
