using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>The prefixes of a bridge whose hosts stay where they are: announced as they are, while it is up.</summary>
internal sealed class BridgeSource(WorkloadNetwork network) : KernelSource($"workloads {network.Interface}")
{
    protected override bool Concerns(RouteEvent change) => change is LinkEvent { Link: var link } && link.Name == network.Interface;

    protected override FoundPrefixes Look(IRouteNetlink netlink)
    {
        if (netlink.FindLink(network.Interface) is not { } link)
            return new FoundPrefixes("there is no interface of that name; nothing is announced until it comes");
        var found = new FoundPrefixes("the interface is down; nothing is announced until it is up");
        foreach (var prefix in link.IsUp ? network.Prefixes : [])
            found.Add(prefix);
        return found;
    }
}
