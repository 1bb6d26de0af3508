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

    private int Bits => family == AddressFamily.InterNetwork ? 32 : 128;

    private IPNetwork Pool => family == AddressFamily.InterNetwork ? model.Pool4 : model.Pool6;

    /// <summary>All that one node may originate.</summary>
    public List<PrefixListEntry> Of(NeighborModel neighbor)
    {
        var grants = OfFamily(neighbor.MayOriginate).ToLookup(IsNodeAddress);
        return List(grants[true].Select(PrefixListEntry.RangeOf), grants[false]);
    }

    /// <summary>All that anybody may originate.</summary>
    public List<PrefixListEntry> OfAll() =>
        List([$"{PrefixListEntry.Text(Pool)} ge {Bits}"], OfFamily(model.Grants.Select(g => g.Grant)));

    private List<PrefixListEntry> List(IEnumerable<string> nodeAddresses, IEnumerable<RouteGrant> grants)
    {
        var granted = grants.ToList();
        var refused = Forbidden().Where(f => granted.Any(g => Overlap(g.Prefix, f))).Select(Within);
        return
        [
            .. nodeAddresses.Select((range, i) => new PrefixListEntry((uint)(i + 1), true, range)),
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
