using Meshover.Linux.Background;
using Meshover.Routing.Backends;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>The process <c>meshover routing</c>: keeps FRR's daemons alive and applies what the agent renders.</summary>
public static class RoutingDaemon
{
    private static readonly TimeSpan _pingPatience = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled, which leaves FRR running, or until <see cref="RoutingClient.StopAsync"/>, which does not.</summary>
    /// <exception cref="RoutingException">The socket cannot be made, or another process serves it.</exception>
    public static async Task RunAsync(RoutingOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken ct)
    {
        var logger = loggers.CreateLogger("Meshover.Routing");
        var files = new FrrFiles(options);
        var installation = new FrrInstallation(options);
        var vtysh = new VtyshRunner(installation, time);
        var vty = new VtySocket(files, time);
        var supervisor = new FrrSupervisor(
            new FrrLauncher(installation, new FrrPlaces(new FrrBackends(options, files, time).Of, files), files, vtysh, time, logger), files, new ConfigApplier(vtysh, vty, logger), new ReadyCheck(vty, files),
            () => MachineStop.IsUnderWayAsync(time), time, logger);
        var conflicts = new RouteConflicts(vty, () => supervisor.Current, time);
        // By its command line, not its bare pid, as the log keeper does.
        void Kill(FrrDaemonStatus daemon) => FrrProcessScan.Take(files).Ours.GetValueOrDefault(daemon.Name)?.Kill();
        Task Ping(FrrDaemon daemon, CancellationToken stop) => vty.AskAsync(daemon, _pingPatience, stop, "echo ping");
        var hangs = new HangWatch(Ping, Kill, () => supervisor.Current, time, logger);
        var leases = new LeaseKeeper(supervisor, LeaseKeeper.RemoveAddress, time, logger);
        var requests = new RequestHandler(supervisor, new StatusReader(vtysh, installation, () => conflicts.Current, () => hangs.Silent, time), vtysh, leases, new PathReader(vty));
        await using var server = new RoutingServer(options.SocketPath, requests.HandleAsync, time, logger, ct);
        using var serving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var deadlocks = new BfdDeadlockWatch(installation, files, vtysh, () => supervisor.Current, time, logger);
        var keeping = KeepAsync(supervisor, files, vty, () => FrrDaemon.Named(installation.TakerOf(FrrDaemon.Zebra.Name)), deadlocks, hangs, conflicts, leases, time, logger, serving.Token);
        await supervisor.RunAsync(ct);
        await serving.CancelAsync();
        await keeping;
    }

    /// <summary>Tasks beside the supervisor's; none of them ends before us.</summary>
    private static Task KeepAsync(
        FrrSupervisor supervisor, FrrFiles files, VtySocket vty, Func<FrrDaemon> taker, BfdDeadlockWatch deadlocks, HangWatch hangs, RouteConflicts conflicts, LeaseKeeper leases, TimeProvider time, ILogger logger, CancellationToken ct)
    {
        SupervisorState Current() => supervisor.Current;
        (string Name, Func<CancellationToken, Task> Body)[] tasks =
        [
            ("keeping logs small", new LogKeeper(files, () => Current().Daemons, time, logger).RunAsync),
            ("telling zebra of addresses", new AddressKeeper(vty, Current, () => supervisor.Applied, taker, time, logger).RunAsync),
            ("finding daemons that hang", hangs.RunAsync),
            ("finding BGP and BFD that wait for each other", deadlocks.RunAsync),
            ("holding leases of announcements", leases.RunAsync),
            ("finding routes that are not used", conflicts.RunAsync),
            ("watching neighbours", new NeighborWatch(vty, Current, () => supervisor.Applied, time, logger).RunAsync),
        ];
        return Task.WhenAll(tasks.Select(t => Forever.RunAsync(t.Name, t.Body, logger, time, ct)));
    }
}
