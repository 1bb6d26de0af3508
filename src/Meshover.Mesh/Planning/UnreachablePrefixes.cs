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
    /// <c>unreachable</c>, so that the tunnels under the mesh would never come up again. O((g + e) log(g + e) + l (g + a)) for g grants, e
    /// endpoints, a prefixes of this node's own and l lengths of prefixes.
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
            .ToDictionary(grant => grant.Key, grant => grant.Any(isPinned => isPinned));
        foreach (var cut in Cut([.. granted.Keys], [.. announced.Where(own => !own.IsLost)]))
            granted.Remove(cut);
        var outermost = Prefixes.Outermost(pools.Concat(granted.Keys));
        var guarded = granted
            .Where(grant => grant.Value || outermost.Contains(grant.Key))
            .Select(grant => grant.Key)
            .OrderBy(prefix => prefix.BaseAddress.AddressFamily)
            .ThenBy(prefix => prefix.ToString(), StringComparer.Ordinal);
        return [.. pools, .. guarded.Except(pools)];
    }

    /// <summary>
    /// The guards that would stand before the route by which this node itself reaches what it announces: a route that is shorter, such as
    /// its default, or any to a larger prefix. One as long is better by its metric, so there the guard stands from the beginning: when
    /// the interface goes, not a packet goes astray.
    /// </summary>
    private static HashSet<IPNetwork> Cut(ImmutableArray<IPNetwork> guards, ImmutableArray<AnnouncedReach> announced)
    {
        var parts = new PrefixTable<bool>(announced.Select(own => (own.Prefix, true)));
        // Of a guard that is a part of one's own.
        var cut = guards.Where(guard => parts.TryFind(Prefixes.Containing(guard.BaseAddress, guard.PrefixLength - 1), out _, out _)).ToHashSet();
        var wholes = new PrefixTable<bool>(guards.Select(guard => (guard, true)));
        foreach (var own in announced)
        {
            // From the longest guard around it to those that its route is at least as long as: none, where it is on a link.
            var within = own.Prefix;
            while (wholes.TryFind(within, out var length, out _) && length > own.RouteLength)
            {
                cut.Add(Prefixes.Containing(within.BaseAddress, length));
                within = Prefixes.Containing(within.BaseAddress, length - 1);
            }
        }
        return cut;
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
