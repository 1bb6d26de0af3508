using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// The nodes that BGP has a way to: the route to a node's address is there only as long as somebody really reaches it, whatever the map says of
/// who could.
/// </summary>
internal sealed class RoutedAddresses(IRouteNetlink netlink)
{
    /// <summary>As of now; none where the kernel does not tell (the kernel's part of the status says why).</summary>
    public ImmutableHashSet<IPAddress> Read()
    {
        try
        {
            return [.. netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp, Table = RouteInfo.MainTable })
                .Where(route => route.Kind == RouteKind.Unicast && route.Destination == Prefixes.Host(route.Destination.BaseAddress))
                .Select(route => route.Destination.BaseAddress)];
        }
        catch (NetlinkException)
        {
            return [];
        }
    }
}
