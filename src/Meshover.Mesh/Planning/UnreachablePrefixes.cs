using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Planning;

/// <summary>What must not fall through to the default route, in clear text, while its route through the mesh is gone.</summary>
internal static class UnreachablePrefixes
{
    /// <summary>
    /// The pools and what is granted, but no default route, and no grant that covers an underlay address of a member or a
    /// controller: such an address is on the underlay by right, and loose rp_filter drops packets from a source whose route is
    /// <c>unreachable</c>, so that the tunnels under the mesh would never come up again. O((g + e) log(g + e) + g a) for g grants, e
    /// endpoints and a prefixes of this node's own.
    /// </summary>
    /// <param name="map">Whole, however little of it the node works by.</param>
    /// <param name="announced">What this node brings into the mesh beside its addresses, and how it reaches that.</param>
    public static ImmutableArray<IPNetwork> Of(MeshMap map, ImmutableArray<AnnouncedReach> announced)
    {
        var underlay = new AddressSet(UnderlayAddresses(map));
        var granted = map.Nodes.Values
            .SelectMany(node => node.Grants)
            .Select(grant => grant.Prefix)
            .Distinct()
            .Where(prefix => prefix.PrefixLength > 0 && !underlay.AnyIn(prefix))
            .Where(prefix => !announced.Any(own => WouldCut(prefix, own)))
            .OrderBy(prefix => prefix.BaseAddress.AddressFamily)
            .ThenBy(prefix => prefix.ToString(), StringComparer.Ordinal);
        return [map.Settings.Pool4, map.Settings.Pool6, .. granted.Except([map.Settings.Pool4, map.Settings.Pool6])];
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
