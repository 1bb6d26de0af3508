using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Routes to one destination: what one of them is copied as may hang on the others, and on none besides.</summary>
internal readonly record struct RouteGroup(IPNetwork Destination, IPNetwork? Source, byte TypeOfService)
{
    internal static RouteGroup Of(RouteInfo route) => new(route.Destination, route.Source, route.TypeOfService);
}

/// <summary>One routing table, as a dump told it and the notifications since.</summary>
internal sealed class RouteLedger
{
    private readonly Dictionary<RouteGroup, List<RouteInfo>> _groups = [];
    private readonly Dictionary<(AddressFamily Family, int Length), int> _lengths = [];

    internal void Fill(IEnumerable<RouteInfo> routes)
    {
        _groups.Clear();
        _lengths.Clear();
        foreach (var route in routes)
            Add(RouteGroup.Of(route), route);
    }

    /// <summary>False: what that does to those beside it is not told, as where IPv6 joins two routes into one. Only a dump says it then.</summary>
    internal bool TryApply(RouteChangeEvent change)
    {
        var group = RouteGroup.Of(change.Route);
        var present = _groups.GetValueOrDefault(group) ?? [];
        var same = present.FindIndex(route => RouteKey.Of(route) == RouteKey.Of(change.Route));
        if (change.Deleted)
            return same >= 0 && Remove(group, present, same);
        if (same >= 0)
            return true;
        var rivals = present.FindAll(route => route.Metric == change.Route.Metric);
        if (rivals.Count > 1 || (rivals.Count == 1 && !change.IsReplacement))
            return false;
        if (rivals.Count == 1)
            present[present.IndexOf(rivals[0])] = change.Route;
        else
            Add(group, change.Route);
        return true;
    }

    internal IReadOnlyList<RouteInfo> Of(RouteGroup group) => _groups.GetValueOrDefault(group) ?? [];

    /// <summary>The groups whose prefix holds the address.</summary>
    internal IEnumerable<RouteGroup> Covering(IPAddress address) =>
        from length in _lengths.Keys
        where length.Family == address.AddressFamily
        let around = new RouteGroup(Prefix(address, length.Length), null, 0)
        where _groups.ContainsKey(around)
        select around;

    private static IPNetwork Prefix(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    private void Add(RouteGroup group, RouteInfo route)
    {
        if (!_groups.TryGetValue(group, out var routes))
        {
            _groups[group] = routes = [];
            CountLength(group, 1);
        }

        routes.Add(route);
    }

    private bool Remove(RouteGroup group, List<RouteInfo> routes, int index)
    {
        routes.RemoveAt(index);
        if (routes.Count == 0 && _groups.Remove(group))
            CountLength(group, -1);
        return true;
    }

    private void CountLength(RouteGroup group, int by)
    {
        var key = (group.Destination.BaseAddress.AddressFamily, group.Destination.PrefixLength);
        if ((_lengths[key] = _lengths.GetValueOrDefault(key) + by) == 0)
            _lengths.Remove(key);
    }
}
