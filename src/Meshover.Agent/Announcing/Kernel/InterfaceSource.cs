using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// The addresses of an interface, such as <c>kube-lb0</c>, to which PureLB gives those of services: of each the prefix that its length says, so a /32
/// or /128 is a host route, and an address with its subnet's length is that subnet. It is known by its name alone: it may come, go and be renamed.
/// </summary>
internal sealed class InterfaceSource(string link) : KernelSource($"interface {link}")
{
    private const AddressFlags NotInUse = AddressFlags.Deprecated | AddressFlags.Tentative | AddressFlags.DadFailed;

    private volatile int _index;

    protected override bool Concerns(RouteEvent change) => change switch
    {
        LinkEvent { Link: var seen } => seen.Name == link || seen.Index == _index,
        AddressEvent { Address: var address } => address.LinkIndex == _index,
        _ => false,
    };

    protected override FoundPrefixes Look(IRouteNetlink netlink)
    {
        var seen = netlink.FindLink(link);
        // Before the addresses are read: what changes from then on is heard.
        _index = seen?.Index ?? 0;
        if (seen is null)
            return new FoundPrefixes("there is no interface of that name; nothing is announced until it comes");
        if (!seen.IsUp)
            return new FoundPrefixes("the interface is down; nothing is announced until it is up");
        var found = new FoundPrefixes("the interface has no address");
        // Every interface has addresses for itself alone (link-local, and lo its own): these are nothing to be told.
        foreach (var address in netlink.GetAddresses(seen.Index).Where(address => !Prefixes.IsNeverRouted(address.Address)))
        {
            if ((address.Flags & NotInUse) != AddressFlags.None)
                found.LeaveOut("deprecated or tentative");
            else
                found.Add(Prefixes.Containing(address.Address, address.PrefixLength));
        }
        return found;
    }
}
