using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Interfaces by which somebody else forwards: the bridges of container engines and hypervisors, the devices of Kubernetes networks. Their
/// programs turn forwarding on where it is off and leave no word where it is on, so who turns it off at the end may cut them off.
/// </summary>
internal static class OtherForwarders
{
    private static readonly string[] Names = ["docker", "br-", "podman", "virbr", "lxcbr", "lxdbr", "incusbr", "cni", "cali", "cilium", "flannel"];

    /// <param name="family">IPv6: only those that have an IPv6 address beside their link-local one.</param>
    internal static IEnumerable<string> Of(IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses, AddressFamily family, KernelNames names) =>
        from link in links
        where !names.IsOurs(link.Name) && (link.Kind == "bridge" || Names.Any(name => link.Name.StartsWith(name, StringComparison.Ordinal)))
        let hasAddress = addresses.Any(address =>
            address.LinkIndex == link.Index && address.Address.AddressFamily == family && !address.Address.IsIPv6LinkLocal)
        where hasAddress || (family == AddressFamily.InterNetwork && links.Any(port => port.MasterIndex == link.Index))
        select link.Name;
}
