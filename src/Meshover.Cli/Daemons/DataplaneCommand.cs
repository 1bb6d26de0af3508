using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.WireGuard;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Daemons;

/// <summary><c>meshover dataplane</c>. Nothing of Meshover.Agent may be reachable from here.</summary>
internal static class DataplaneCommand
{
    public static Command Create()
    {
        var noOffloads = new Option<bool>("--no-offloads") { Description = "Do without segmentation and receive offloads." };
        var command = new ExampleCommand(
            "dataplane", "Runs the userspace WireGuard and GRE engine in the foreground (systemd and `run` start it).",
            "meshover dataplane", "wg show meshover0")
        {
            noOffloads,
        };
        command.SetAction(parsed => DaemonHost.RunAsync("dataplane", parsed, (context, cancellationToken) => DataplaneDaemon.RunAsync(
            Options(context.Paths, !parsed.GetValue(noOffloads)),
            context.Loggers, context.Time, cancellationToken)));
        return command;
    }

    private static DataplaneOptions Options(NodePaths paths, bool offloads) => new()
    {
        SocketPath = paths.DataplaneSocket,
        StatePath = paths.DataplaneState,
        TimestampPath = paths.TimestampFile,
        UapiDirectory = paths.UapiDirectory,
        Offloads = offloads,
    };
}
