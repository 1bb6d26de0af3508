using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Planning;

/// <summary>What must not fall through to the default route, in clear text, while its route through the mesh is gone.</summary>
internal static class UnreachablePrefixes
{
    /// <summary>
    /// The pools, and of what is granted the outermost: a dead owner of a part must not hide the living owner of the whole. A part that is pinned is
    /// guarded too. But no default route, and no grant that covers an underlay address of a member or a
    /// controller: such an address is on the underlay by right, and loose rp_filter drops packets from a source whose route is
    /// <c>unreachable</c>, so that the tunnels under the mesh would never come up again. O((g + e) log(g + e) + g a) for g grants, e
    /// endpoints and a prefixes of this node's own.
    /// </summary>
    /// <param name="map">Whole, however little of it the node works by.</param>
    /// <param name="announced">What this node brings into the mesh beside its addresses, and how it reaches that.</param>
    public static ImmutableArray<IPNetwork> Of(MeshMap map, ImmutableArray<AnnouncedReach> announced)
    {
        var underlay = new AddressSet(UnderlayAddresses(map));
        IPNetwork[] pools = [map.Settings.Pool4, map.Settings.Pool6];
        var granted = map.Nodes.Values
            .SelectMany(node => node.Grants)
            .GroupBy(grant => grant.Prefix, grant => grant.IsPinned)
            .Where(grant => grant.Key.PrefixLength > 0 && !underlay.AnyIn(grant.Key))
            .Where(grant => !announced.Any(own => WouldCut(grant.Key, own)))
            .ToDictionary(grant => grant.Key, grant => grant.Any(isPinned => isPinned));
        var outermost = Outermost(pools.Concat(granted.Keys));
        var guarded = granted
            .Where(grant => grant.Value || outermost.Contains(grant.Key))
            .Select(grant => grant.Key)
            .OrderBy(prefix => prefix.BaseAddress.AddressFamily)
            .ThenBy(prefix => prefix.ToString(), StringComparer.Ordinal);
        return [.. pools, .. guarded.Except(pools)];
    }

    /// <summary>Those that lie in no other. In the order of their first addresses, what lies in a prefix follows it.</summary>
    private static HashSet<IPNetwork> Outermost(IEnumerable<IPNetwork> prefixes)
    {
        var outermost = new HashSet<IPNetwork>();
        IPNetwork? last = null;
        foreach (var prefix in prefixes.OrderBy(prefix => prefix.BaseAddress.AddressFamily).ThenBy(prefix => AddressNumber.Of(prefix.BaseAddress)).ThenBy(prefix => prefix.PrefixLength))
        {
            if (last is { } outer && Prefixes.Overlap(outer, prefix))
                continue;
            outermost.Add(prefix);
            last = prefix;
        }
        return outermost;
    }

    /// <summary>
    /// Whether the guard would stand before the route by which this node itself reaches what it announces: a route that is shorter, such as
    /// its default, or any to a larger prefix. One as long is better by its metric, so there the guard stands from the beginning: when
    /// the interface goes, not a packet goes astray.
    /// </summary>
    private static bool WouldCut(IPNetwork guard, AnnouncedReach own)
    {
        if (own.IsLost || !Prefixes.Overlap(guard, own.Prefix))
            return false;
        return own.Prefix.PrefixLength < guard.PrefixLength || own.RouteLength < guard.PrefixLength;
    }

    private static IEnumerable<IPAddress> UnderlayAddresses(MeshMap map)
    {
        foreach (var endpoint in map.Nodes.Values.SelectMany(node => node.Endpoints))
            yield return endpoint.EndPoint.Address;
        foreach (var controller in map.Settings.Controllers)
        {
            if (HostPort.TryParse(controller, out var host) && IPAddress.TryParse(host.Host, out var address))
                yield return address;
        }
    }
}
