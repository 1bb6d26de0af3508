using System.Net.Sockets;
using System.Numerics;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>
/// How many prefixes of a family a neighbour may send before its session is closed. What is refused is kept too, so without a bound one
/// member could fill every node's memory.
/// </summary>
internal static class PrefixBound
{
    private const long Least = 1024;
    private const long MostOfAGrant = 4096;

    /// <summary>
    /// Twice what all nodes together may announce, as a grant may be known there before it is here; as a power of two, so that it seldom
    /// changes.
    /// </summary>
    public static long Of(RoutingModel model, AddressFamily family)
    {
        var granted = model.Grants.Select(g => g.Grant).Where(g => g.Prefix.BaseAddress.AddressFamily == family).Sum(Count);
        return (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(Least, 2 * (granted + AddressesOf(model, family))));
    }

    /// <summary>Of all nodes, of which each has one at least.</summary>
    private static long AddressesOf(RoutingModel model, AddressFamily family)
    {
        var pool = family == AddressFamily.InterNetwork ? model.Pool4 : model.Pool6;
        return 1 + model.Neighbors.Sum(neighbor => Math.Max(1, neighbor.MayOriginate.Count(grant => grant.Prefix.BaseAddress.AddressFamily == family && pool.Contains(grant.Prefix.BaseAddress))));
    }

    /// <summary>The prefixes that a grant covers, with all that are longer up to its limit; as many as anybody announces in earnest.</summary>
    private static long Count(RouteGrant grant)
    {
        var levels = Math.Max(0, grant.MaxLength - grant.Prefix.PrefixLength);
        return levels >= BitOperations.Log2(MostOfAGrant) ? MostOfAGrant : (2L << levels) - 1;
    }
}
