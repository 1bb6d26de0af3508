using System.Globalization;
using System.Numerics;
using Meshover.Linux.Sysctl;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// How many neighbours the kernel remembers (gc_thresh1-3, ip-sysctl.rst): nothing is collected below the first, the third is never
/// passed, and what finds no place is dropped. One table serves all namespaces of a machine, and only the first namespace has its
/// sysctls. A link costs an entry of each family, so that the kernel's 1,024 are too few for a mesh of a thousand nodes.
/// </summary>
internal static class NeighbourTables
{
    private const int Levels = 3;

    internal static IEnumerable<string> Keys =>
        from family in (string[])["ipv4", "ipv6"]
        from level in Enumerable.Range(1, Levels)
        select Key(family, level);

    internal static Dictionary<string, int> Observe(ISysctls sysctls) =>
        Keys.Select(key => (Key: key, Value: sysctls.TryRead(key)))
            .Where(seen => seen.Value is not null)
            .ToDictionary(seen => seen.Key, seen => int.Parse(seen.Value!, CultureInfo.InvariantCulture), StringComparer.Ordinal);

    /// <summary>Raises what is too low, and never lowers: other programs have neighbours, too. In steps, so that not every join writes.</summary>
    /// <param name="seen">What they are.</param>
    /// <param name="links">Of the mesh.</param>
    /// <param name="hosts">Neighbours beside that may be announced one by one.</param>
    internal static IEnumerable<KernelChange> Compute(IReadOnlyDictionary<string, int> seen, int links, int hosts)
    {
        var step = (int)BitOperations.RoundUpToPowerOf2((uint)links);
        return
            from key in Keys.Reverse() // the largest first: the kernel would take any order, a reader may not
            let level = key[^1] - '0'
            // Hosts of workloads that are gone may be collected, those that are there must find a place.
            let wanted = (step << level) + (level == 1 ? 0 : hosts)
            where seen.TryGetValue(key, out var value) && value < wanted
            select new WriteSysctl(key, wanted.ToString(CultureInfo.InvariantCulture));
    }

    private static string Key(string family, int level) => $"net.{family}.neigh.default.gc_thresh{level}";
}
