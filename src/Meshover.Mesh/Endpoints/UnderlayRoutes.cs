using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;

namespace Meshover.Mesh.Endpoints;

/// <summary>Where the routes of the underlay lead, at one moment: what a node may call.</summary>
public sealed class UnderlayRoutes
{
    /// <summary>A machine with more than so many is a router among many, and reaches what there is; to compare them all would cost more than it tells.</summary>
    private const int MostTold = 256;

    private readonly ImmutableArray<IPNetwork> _destinations;
    private readonly PrefixTable<bool> _table;

    private UnderlayRoutes(ImmutableArray<IPNetwork> destinations)
    {
        _destinations = destinations;
        _table = new PrefixTable<bool>(destinations.Select(prefix => (prefix, true)));
    }

    /// <summary>To everywhere, in both families.</summary>
    public static UnderlayRoutes Everywhere { get; } = new([new IPNetwork(IPAddress.Any, 0), new IPNetwork(IPAddress.IPv6Any, 0)]);

    /// <param name="destinations">Of routes that packets can take, in any order.</param>
    public static UnderlayRoutes To(IEnumerable<IPNetwork> destinations)
    {
        ImmutableArray<IPNetwork> sorted = [.. destinations.Distinct().OrderBy(prefix => prefix.ToString(), StringComparer.Ordinal)];
        return sorted.Length <= MostTold ? new UnderlayRoutes(sorted) : Everywhere;
    }

    public bool Reach(IPAddress address) => LengthTo(address) >= 0;

    /// <summary>Length of the longest prefix that leads to the address; 0: the default route alone, -1: none.</summary>
    public int LengthTo(IPAddress address) => _table.TryFind(address, out var length, out _) ? length : -1;

    public bool SameAs(UnderlayRoutes other) => _destinations.AsSpan().SequenceEqual(other._destinations.AsSpan());
}
