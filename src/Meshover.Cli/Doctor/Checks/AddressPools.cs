using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>An address or a route of this machine lies in one of the mesh's pools.</summary>
internal sealed class AddressPools : ICheck
{
    public string Name => "address-pool";

    public IEnumerable<Finding> Look(MachineFacts facts) => Addresses(facts).Concat(Routes(facts));

    private static IEnumerable<Finding> Addresses(MachineFacts facts) =>
        from address in facts.Addresses
        where !facts.IsOurs(address.LinkIndex) && !address.Address.IsIPv6LinkLocal && address.Protocol != facts.Node.Settings.RouteProtocol
        from pool in facts.Node.Pools
        where Prefixes.Overlap(Prefixes.Containing(address.Address, address.PrefixLength), pool.Pool)
        select Of(facts, $"{address} on {facts.LinkName(address.LinkIndex)} lies in the mesh's {pool.Name} {pool.Pool}.",
            "Nodes of the mesh with an address in that network are not reached, or receive its packets instead.",
            "Remove the address, or create the mesh with another pool (`meshover-controller init --help`).");

    // The network of an address is told with the address.
    private static IEnumerable<Finding> Routes(MachineFacts facts) =>
        from route in facts.Routes
        where route is { Table: RouteInfo.MainTable, Protocol: not RouteProtocols.Kernel, IsCached: false }
            && route.Protocol != facts.Node.Settings.RouteProtocol && !MachineFacts.LinksOf(route).Any(facts.IsOurs)
        from pool in facts.Node.Pools
        where pool.Pool.PrefixLength <= route.Destination.PrefixLength && Prefixes.Overlap(route.Destination, pool.Pool)
        select Of(facts, $"The route {route.Destination} on {facts.LinkName(MachineFacts.LinksOf(route).First())} lies in the mesh's {pool.Name} {pool.Pool}.",
            "The nodes of the mesh that it covers are not reached where it is the more specific route.",
            $"Remove it (`ip route del {route.Destination}`), or create the mesh with another pool.");

    private static Finding Of(MachineFacts facts, string problem, string breaks, string mend) => new()
    {
        Kind = FindingKinds.AddressPool,
        Severity = facts.Node.KnowsMesh ? Severity.Fault : Severity.Warning,
        Problem = facts.Node.KnowsMesh ? problem : $"{problem} (This machine belongs to no mesh yet: that is the default pool of a mesh.)",
        Breaks = breaks,
        Mend = mend,
    };
}
