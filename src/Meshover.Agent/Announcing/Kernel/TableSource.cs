using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// The routes of a kernel table, such as 119, where Coil keeps the address blocks of a machine. The table need not be one that packets are looked
/// up in: it is a list of what lies here. A route that refuses packets (blackhole, unreachable, …) is no reason to attract them, and a default route
/// is announced by the configuration alone; what FRR or Meshover put there, or what leads into the mesh, lies elsewhere. A table without routes and one that is not there are the same to the kernel.
/// </summary>
internal sealed class TableSource(uint table) : KernelSource($"table {table}")
{
    // The kernel says nothing of the IPv4 routes that go with a link or an address (fib_table_flush in its net/ipv4/fib_trie.c).
    protected override bool Concerns(RouteEvent change) => change switch
    {
        RouteChangeEvent { Route: var route } => route.Table == table && !route.IsCached,
        LinkEvent link => link.Deleted || !link.Link.IsUp,
        AddressEvent address => address.Deleted,
        _ => false,
    };

    protected override FoundPrefixes Look(IRouteNetlink netlink)
    {
        var found = new FoundPrefixes("the table is empty");
        var ours = netlink.GetLinks().Where(link => KernelNames.Default.IsOurs(link.Name)).Select(link => link.Index).ToHashSet();
        foreach (var route in RoutesOf(netlink))
        {
            if (route.Protocol is RouteProtocols.Bgp or RouteProtocols.Zebra)
                found.LeaveOut("from FRR");
            else if (route.Protocol == KernelNames.Default.Protocol)
                found.LeaveOut("Meshover's own");
            else if (UnderlayMirror.LinksOf(route).Any(ours.Contains))
                found.LeaveOut("into the mesh");
            else if (route.Kind != RouteKind.Unicast)
                found.LeaveOut(route.Kind.ToString().ToLowerInvariant());
            else if (route.Source is not null)
                found.LeaveOut("for certain sources alone");
            else
                found.Add(route.Destination);
        }
        return found;
    }

    /// <summary>
    /// A long dump is made in parts, and where the table changes between two of them, a route may be told twice or not at all. So one that is missed is
    /// looked for once more.
    /// </summary>
    private List<RouteInfo> RoutesOf(IRouteNetlink netlink)
    {
        var seen = new Dictionary<(IPNetwork, RouteKind, uint, byte, IPNetwork?), RouteInfo>();
        Dump();
        var prefixes = seen.Values.Select(route => route.Destination).ToHashSet();
        if (Current.Announcements.Any(former => !prefixes.Contains(former.Prefix)))
            Dump();
        return [.. seen.Values];

        void Dump()
        {
            foreach (var route in netlink.GetRoutes(new RouteFilter { Table = table }).Where(route => !route.IsCached))
                seen[(route.Destination, route.Kind, route.Metric, route.TypeOfService, route.Source)] = route;
        }
    }
}
