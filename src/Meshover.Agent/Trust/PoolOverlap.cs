using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Trust;

/// <summary>Whether the mesh's pools are free on this machine: a pool that it already uses would take its neighbours away from it.</summary>
public static class PoolOverlap
{
    /// <param name="links">Of this machine. Those of an earlier membership do not count.</param>
    /// <param name="addresses">Of this machine.</param>
    /// <param name="pools">Of the mesh, each with its name for the message.</param>
    /// <returns>One sentence with what to do; null where nothing overlaps.</returns>
    public static string? WhyNot(
        IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses, ImmutableArray<(string Name, IPNetwork Pool)> pools)
    {
        var names = links.ToDictionary(link => link.Index, link => link.Name);
        foreach (var address in addresses)
        {
            var link = names.GetValueOrDefault(address.LinkIndex, "?");
            if (KernelNames.Default.IsOurs(link) || address.Address.IsIPv6LinkLocal)
                continue;
            var network = Prefixes.Containing(address.Address, address.PrefixLength);
            foreach (var (name, pool) in pools)
            {
                if (Prefixes.Overlap(network, pool))
                    return $"The mesh's {name} {pool} overlaps {address}, which this machine has on {link}: remove that address, "
                        + "or create the mesh with another pool (`meshover-controller init --help`).";
            }
        }
        return null;
    }
}
