using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Endpoints;

/// <summary>How a machine reaches what it announces.</summary>
internal static class AnnouncedReaches
{
    /// <param name="announced">In any order.</param>
    /// <param name="routes">The machine's own.</param>
    /// <param name="addresses">All of the machine.</param>
    /// <param name="links">Its links but those of the mesh, by index.</param>
    public static ImmutableArray<AnnouncedReach> Of(
        ImmutableArray<IPNetwork> announced, IEnumerable<RouteInfo> routes, IReadOnlyList<AddressInfo> addresses, Dictionary<int, LinkInfo> links)
    {
        if (announced.IsEmpty)
            return [];
        var table = new PrefixTable<bool>(routes.Select(route => (route.Destination, true)));
        return [.. announced.Distinct().Select(prefix => new AnnouncedReach(
            prefix, table.TryFind(prefix, out var length, out _) ? length : -1, DownInterface(prefix, addresses, links), IsLost: false))];
    }

    /// <summary>Of IPv6 nothing is found: such an address goes when its interface goes down.</summary>
    private static string DownInterface(IPNetwork prefix, IReadOnlyList<AddressInfo> addresses, Dictionary<int, LinkInfo> links)
    {
        var carriers = addresses
            .Where(address => prefix.Contains(address.Address))
            .Select(address => links.GetValueOrDefault(address.LinkIndex))
            .OfType<LinkInfo>()
            .ToList();
        return carriers.Exists(link => link.IsUp) ? "" : carriers.FirstOrDefault()?.Name ?? "";
    }
}
