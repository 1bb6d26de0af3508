using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Initialisation;
using Meshover.Controller.State;

namespace Meshover.Controller.Hosting;

/// <summary>Brings the mesh's settings in line with the configuration at each start: a controller that moved tells the nodes so.</summary>
internal static class SettingsUpdate
{
    /// <exception cref="ConfigException">The configuration wants pools that the mesh does not have.</exception>
    public static async Task ApplyAsync(MeshDirectory directory, ControllerOptions options, CancellationToken cancel)
    {
        var mesh = directory.State.Mesh;
        var violations = PoolChanges(mesh, options.Pools).Concat(WorkloadFaults(mesh, options.Pools)).ToList();
        if (violations.Count > 0)
            throw new ConfigException(violations);
        var addresses = options.Addresses.IsEmpty ? MachineNetworks.GlobalAddresses(Outside(mesh), options.Port) : options.Addresses;
        if (addresses.IsEmpty)
            addresses = mesh.Controllers;
        var (workload4, workload6) = (options.Pools.Workload4?.ToString(), options.Pools.Workload6?.ToString());
        if (addresses.SequenceEqual(mesh.Controllers) && workload4 == mesh.WorkloadPool4 && workload6 == mesh.WorkloadPool6)
            return;
        await directory.ChangeAsync(new Cause(Actor.Controller, Operation.FollowConfiguration, Reason.None),
            draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { Controllers = addresses, WorkloadPool4 = workload4, WorkloadPool6 = workload6 }), cancel);
    }

    // A node of this mesh may run on the same machine: its mesh addresses are no way in for a newcomer.
    private static IEnumerable<MachineNetwork> Outside(MeshRecord mesh) => MachineNetworks.Read().Where(network =>
        !new[] { mesh.Pool4, mesh.Pool6, mesh.TunnelPool }.Any(pool => System.Net.IPNetwork.Parse(pool).Contains(network.Address)));

    private static IEnumerable<string> WorkloadFaults(MeshRecord mesh, PoolOptions wanted)
    {
        System.Net.IPNetwork[] pools = [.. new[] { mesh.Pool4, mesh.Pool6, mesh.TunnelPool }.Select(System.Net.IPNetwork.Parse)];
        return new[] { wanted.Workload4, wanted.Workload6 }.OfType<System.Net.IPNetwork>().Select(pool => PoolPlan.WhyNoWorkloadPool(pool, pools)).OfType<string>();
    }

    private static IEnumerable<string> PoolChanges(MeshRecord mesh, PoolOptions wanted)
    {
        foreach (var (name, has, wants) in new[]
                 {
                     ("pool4", mesh.Pool4, wanted.Pool4?.ToString()),
                     ("pool6", mesh.Pool6, wanted.Pool6?.ToString()),
                     ("tunnelPool", mesh.TunnelPool, wanted.TunnelPool?.ToString()),
                     ("asn", $"{mesh.AsnFirst}-{mesh.AsnLast}", wanted.Asns is { } asns ? $"{asns.First}-{asns.Last}" : null),
                 })
        {
            if (wants is not null && wants != has)
                yield return $"{name}: the mesh was made with {has} and cannot change to {wants}: put the old value back into the configuration.";
        }
    }
}
