using System.Net;
using Meshover.Controller.Configuration;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Initialisation;

/// <summary>The pools of a new mesh.</summary>
internal sealed record PoolPlan(IPNetwork Pool4, IPNetwork Pool6, IPNetwork TunnelPool, uint AsnFirst, uint AsnLast)
{
    /// <summary>Prefixes for the nodes that wish for one; null: none are given.</summary>
    public IPNetwork? Workload4 { get; init; }

    /// <inheritdoc cref="Workload4"/>
    public IPNetwork? Workload6 { get; init; }

    private static readonly IPNetwork DefaultPool4 = IPNetwork.Parse("10.249.0.0/16");
    private static readonly IPNetwork DefaultTunnelPool = IPNetwork.Parse("198.18.0.0/15");

    /// <summary>The configured pools, and defaults for the others.</summary>
    /// <exception cref="ConfigException">They overlap one another, or an address of the machine; with every overlap.</exception>
    public static PoolPlan Make(PoolOptions options, IReadOnlyList<MachineNetwork> machine)
    {
        var plan = new PoolPlan(
            options.Pool4 ?? DefaultPool4,
            options.Pool6 ?? Prefixes.RandomUniqueLocal(),
            options.TunnelPool ?? DefaultTunnelPool,
            options.Asns?.First ?? Asn.FirstPrivate.Value,
            options.Asns?.Last ?? Asn.LastPrivate.Value)
        {
            Workload4 = options.Workload4,
            Workload6 = options.Workload6,
        };
        List<string> violations = [.. plan.Overlaps(machine)];
        return violations.Count == 0 ? plan : throw new ConfigException(violations);
    }

    /// <summary>Why the prefixes of nodes cannot come out of that pool, or null.</summary>
    public static string? WhyNoWorkloadPool(IPNetwork workload, IEnumerable<IPNetwork> pools) => pools.Where(pool => Prefixes.Overlap(workload, pool))
        .Select(pool => $"The workload pool {workload} overlaps {pool}, out of which the nodes themselves have their addresses: choose another with workloadPool{(workload.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 4 : 6)}.")
        .FirstOrDefault();

    private IEnumerable<string> Overlaps(IReadOnlyList<MachineNetwork> machine)
    {
        if (Prefixes.Overlap(Pool4, TunnelPool))
            yield return $"The pools {Pool4} (pool4) and {TunnelPool} (tunnelPool) overlap: choose others with --pool4 and --tunnel-pool.";
        foreach (var workload in new[] { Workload4, Workload6 }.OfType<IPNetwork>())
        {
            if (WhyNoWorkloadPool(workload, [Pool4, Pool6, TunnelPool]) is { } reason)
                yield return reason;
        }
        foreach (var (flag, pool) in new[] { ("--pool4", Pool4), ("--pool6", Pool6), ("--tunnel-pool", TunnelPool) })
        {
            foreach (var network in machine.Where(network => Prefixes.Overlap(pool, network.Network)))
                yield return $"The pool {pool} overlaps {network.Address}/{network.Network.PrefixLength} on {network.Interface} of this machine: choose another with {flag}.";
        }
    }
}
