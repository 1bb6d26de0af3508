using Meshover.Agent.Announcing.Declared;
using Meshover.Linux.Background;
using Meshover.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// Hears in the kernel when BGP's route to a prefix for which this node stands by goes or changes: who had it may have it no more. It works with the
/// controller dead, and costs a look into a set for each route that changes.
/// </summary>
internal sealed class RouteStir(DeclaredAnnouncements declared, ILogger logger, TimeProvider time)
{
    public Task RunAsync(CancellationToken cancellationToken) =>
        Forever.RunAsync("hearing of routes to what this node stands by for", ListenAsync, logger, time, cancellationToken);

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        using var monitor = new RouteMonitor(new RouteMonitorOptions { Links = false, Addresses = false, Rules = false, Filter = Concerns });
        await foreach (var _ in monitor.ReadAllAsync(cancellationToken))
            declared.Stir();
    }

    // On the monitor's thread.
    private bool Concerns(RouteEvent change) =>
        change is RouteChangeEvent { Route: { Protocol: RouteProtocols.Bgp, Table: RouteInfo.MainTable } route } && declared.IsWatched(route.Destination);
}
