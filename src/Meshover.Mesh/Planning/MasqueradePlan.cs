using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Planning;

/// <summary>Packets of these sources leave this node for the world outside the mesh with an address of the node's own (nft(8), "masquerade").</summary>
public sealed record MasqueradePlan
{
    private readonly ListOf<IPNetwork> _sources;
    private readonly ListOf<IPNetwork> _inside;

    /// <summary>None lies in another.</summary>
    public required ImmutableArray<IPNetwork> Sources { get => _sources.Elements; init => _sources = new(value); }

    /// <summary>Where they keep their own address, whatever way leads there; none lies in another.</summary>
    public required ImmutableArray<IPNetwork> Inside { get => _inside.Elements; init => _inside = new(value); }

    /// <summary>
    /// Null without sources. Inside are the sources themselves, the mesh's pools and all that is granted to anybody but a default route: all that is
    /// the mesh's own, also where its owner is not there. O(g log g) for g grants.
    /// </summary>
    internal static MasqueradePlan? For(MeshMap map, ImmutableArray<IPNetwork> sources)
    {
        if (sources.IsEmpty) return null;
        var granted = map.Nodes.Values.SelectMany(node => node.Grants).Select(grant => grant.Prefix).Where(prefix => prefix.PrefixLength > 0);
        return new MasqueradePlan
        {
            Sources = Sorted(sources),
            Inside = Sorted([map.Settings.Pool4, map.Settings.Pool6, map.Settings.TunnelPool, .. sources, .. granted]),
        };
    }

    private static ImmutableArray<IPNetwork> Sorted(IEnumerable<IPNetwork> prefixes) =>
        [.. Prefixes.Outermost(prefixes).OrderBy(prefix => prefix.BaseAddress.AddressFamily).ThenBy(prefix => AddressNumber.Of(prefix.BaseAddress))];
}
