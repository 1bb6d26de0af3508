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
    /// <c>unreachable</c>, so that the tunnels under the mesh would never come up again. O((g + e) log(g + e)) for g grants and e
    /// endpoints.
    /// </summary>
    public static ImmutableArray<IPNetwork> Of(MeshMap map)
    {
        var underlay = new AddressSet(UnderlayAddresses(map));
        var granted = map.Nodes.Values
            .SelectMany(node => node.Grants)
            .Select(grant => grant.Prefix)
            .Distinct()
            .Where(prefix => prefix.PrefixLength > 0 && !underlay.AnyIn(prefix))
            .OrderBy(prefix => prefix.BaseAddress.AddressFamily)
            .ThenBy(prefix => prefix.ToString(), StringComparer.Ordinal);
        return [map.Settings.Pool4, map.Settings.Pool6, .. granted.Except([map.Settings.Pool4, map.Settings.Pool6])];
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
