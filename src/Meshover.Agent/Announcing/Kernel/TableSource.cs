using Meshover.Linux.Netlink;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// The routes of a kernel table, such as 119, where Coil keeps the address blocks of a machine. The table need not be one that packets are looked
/// up in: it is a list of what lies here. A route that refuses packets (blackhole, unreachable, …) is no reason to attract them, and a default route
/// is announced by the configuration alone. A table without routes and one that is not there are the same to the kernel.
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
        foreach (var route in netlink.GetRoutes(new RouteFilter { Table = table }).Where(route => !route.IsCached))
        {
            if (route.Kind != RouteKind.Unicast)
                found.LeaveOut(route.Kind.ToString().ToLowerInvariant());
            else if (route.Source is not null)
                found.LeaveOut("for certain sources alone");
            else
                found.Add(route.Destination);
        }
        return found;
    }
}
