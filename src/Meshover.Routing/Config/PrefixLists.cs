using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>
/// The inbound prefix-lists of one address family: what grants say, less what no grant can give. In a list first stand node addresses,
/// then refusals (only where a grant covers something forbidden, so that the usual list has none), then the grants.
/// </summary>
internal sealed class PrefixLists(RoutingModel model, AddressFamily family)
{
    private const uint FirstRefusal = 1000;

    /// <summary>A node's first address is entry 1; a further one has a number of its text, so that one that comes or goes renumbers no other.</summary>
    private const uint FirstFurther = 2, LastFurther = 999;

    private int Bits => family == AddressFamily.InterNetwork ? 32 : 128;

    private IPNetwork Pool => family == AddressFamily.InterNetwork ? model.Pool4 : model.Pool6;

    /// <summary>All that one node may originate.</summary>
    public List<PrefixListEntry> Of(NeighborModel neighbor)
    {
        var grants = OfFamily(neighbor.MayOriginate).ToLookup(IsNodeAddress);
        return List([.. AddressEntries(grants[true].Select(PrefixListEntry.RangeOf))], grants[false]);
    }

    /// <summary>All that anybody may originate.</summary>
    public List<PrefixListEntry> OfAll() =>
        List([new PrefixListEntry(1, true, $"{PrefixListEntry.Text(Pool)} ge {Bits}")], OfFamily(model.Grants.Select(g => g.Grant)));

    /// <summary>Addresses of the pool that are nobody's for a while.</summary>
    public List<PrefixListEntry> OfResting() => PrefixListEntry.ForGrants(OfFamily(model.Resting.Select(prefix => new RouteGrant(prefix))));

    private static IEnumerable<PrefixListEntry> AddressEntries(IEnumerable<string> ranges)
    {
        var used = new HashSet<uint>();
        return ranges.Select((range, i) => new PrefixListEntry(i == 0 ? 1 : PrefixListEntry.SeqBetween(FirstFurther, LastFurther, range, used), true, range));
    }

    private List<PrefixListEntry> List(List<PrefixListEntry> nodeAddresses, IEnumerable<RouteGrant> grants)
    {
        var granted = grants.ToList();
        var refused = Forbidden().Where(f => granted.Any(g => Overlap(g.Prefix, f))).Select(Within);
        return
        [
            .. nodeAddresses,
            .. refused.Select((range, i) => new PrefixListEntry(FirstRefusal + (uint)i, false, range)),
            .. PrefixListEntry.ForGrants(granted),
        ];
    }

    /// <summary>Bogons, tunnel addresses, and all of the pool that is not a node's address.</summary>
    public IEnumerable<IPNetwork> Forbidden() =>
        Prefixes.Bogons.Append(model.TunnelPool).Append(Pool).Where(p => p.BaseAddress.AddressFamily == family);

    private bool IsNodeAddress(RouteGrant grant) => grant.Prefix.PrefixLength == Bits && Pool.Contains(grant.Prefix.BaseAddress);

    private IEnumerable<RouteGrant> OfFamily(IEnumerable<RouteGrant> grants) =>
        grants.Where(g => g.Prefix.BaseAddress.AddressFamily == family);

    private string Within(IPNetwork prefix) => PrefixListEntry.RangeOf(new RouteGrant(prefix, Bits));

    private static bool Overlap(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);
}
