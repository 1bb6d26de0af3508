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
        var workers = new Option<int>("--send-workers")
        {
            Description = "Threads that encrypt, 1-64; each owns a share of the peers.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => new DataplaneOptions().SendWorkers,
        };
        workers.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64)
                result.AddError("--send-workers must be from 1 to 64.");
        });
        var noOffloads = new Option<bool>("--no-offloads") { Description = "Do without segmentation and receive offloads." };
        var command = new ExampleCommand(
            "dataplane", "Runs the userspace WireGuard and GRE engine in the foreground (systemd and `run` start it).",
            "meshover dataplane", "wg show meshover0")
        {
            workers, noOffloads,
        };
        command.SetAction(parsed => DaemonHost.RunAsync("dataplane", parsed, (context, cancellationToken) => DataplaneDaemon.RunAsync(
            Options(context.Paths, parsed.GetRequiredValue(workers), !parsed.GetValue(noOffloads)),
            context.Loggers, context.Time, cancellationToken)));
        return command;
    }

    private static DataplaneOptions Options(NodePaths paths, int workers, bool offloads) => new()
    {
        SocketPath = paths.DataplaneSocket,
        StatePath = paths.DataplaneState,
        TimestampPath = paths.TimestampFile,
        UapiDirectory = paths.UapiDirectory,
        SendWorkers = workers,
        Offloads = offloads,
    };
}
