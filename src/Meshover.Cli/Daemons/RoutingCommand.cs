using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Daemons;

/// <summary><c>meshover routing</c>. Nothing of Meshover.Agent may be reachable from here.</summary>
internal static class RoutingCommand
{
    public static Command Create()
    {
        var command = new ExampleCommand(
            "routing", "Keeps FRR (zebra, bgpd, bfdd; since FRR 10 also mgmtd) alive and applies its configuration, in the foreground (systemd and `run` start it).",
            "meshover routing", "meshover vtysh -c 'show bgp summary'");
        command.SetAction((parsed, cancellationToken) => DaemonHost.RunAsync("routing", parsed, context => RoutingDaemon.RunAsync(
            context.Paths.ToRoutingOptions(), context.Loggers, context.Time, cancellationToken), cancellationToken));
        return command;
    }
}
