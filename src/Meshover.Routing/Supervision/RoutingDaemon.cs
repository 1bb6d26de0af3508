using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>The process <c>meshover routing</c>: keeps FRR's daemons alive and applies what the agent renders.</summary>
public static class RoutingDaemon
{
    /// <summary>Runs until cancelled, which leaves FRR running, or until <see cref="RoutingClient.StopAsync"/>, which does not.</summary>
    /// <exception cref="RoutingException">The socket cannot be made, or another process serves it.</exception>
    public static async Task RunAsync(RoutingOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken ct)
    {
        var logger = loggers.CreateLogger("Meshover.Routing");
        var files = new FrrFiles(options);
        var installation = new FrrInstallation(options, time);
        var vtysh = new VtyshRunner(installation, time);
        var supervisor = new FrrSupervisor(new FrrLauncher(installation, files, vtysh, time), files, new ConfigApplier(vtysh, logger), time, logger);
        var requests = new RequestHandler(supervisor, new StatusReader(vtysh, installation), vtysh);
        using var server = new RoutingServer(options.SocketPath, requests.HandleAsync, time, logger);
        server.Listen();
        using var serving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var served = server.RunAsync(serving.Token, ct);
        var keeping = Task.WhenAll(
            new LogKeeper(files, () => supervisor.Current.Daemons, time, logger).RunAsync(serving.Token),
            new AddressKeeper(vtysh, () => supervisor.Current.Daemons, time, logger).RunAsync(serving.Token),
            new BfdDeadlockWatch(installation, files, vtysh, () => supervisor.Current, time, logger).RunAsync(serving.Token));
        await supervisor.RunAsync(ct);
        await serving.CancelAsync();
        await served;
        await keeping.ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
