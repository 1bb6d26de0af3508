using System.CommandLine;
using System.CommandLine.Parsing;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.WireGuard;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;

namespace Meshover.Cli.Daemons;

/// <summary><c>meshover dataplane</c>. Nothing of Meshover.Agent may be reachable from here.</summary>
internal static class DataplaneCommand
{
    /// <summary>Also what the builds for newer processors are asked before one is chosen (<c>EngineBuild</c>).</summary>
    public const string ProbeOption = "--probe";

    private static readonly Option<bool> Probe = new(ProbeOption)
    {
        Description = "Only say which build and cipher run on this processor, and which could.",
    };

    private static readonly Option<bool> NoOffloads = new("--no-offloads") { Description = "Do without segmentation and receive offloads." };

    private static readonly Option<int> Workers = new("--workers")
    {
        Description = "Number of sending threads, and of receiving threads, 1-16. Default: half the number of cores.",
        HelpName = "N",
    };

    private static readonly Option<bool> Plain = new("--plain")
    {
        Description = "Run as a plain WireGuard, like `wireguard-go INTERFACE`: no agent, no configuration, nothing on disk. "
            + "Ends when INTERFACE or its socket is deleted.",
    };

    private static readonly Option<bool> Foreground = new("--foreground", "-f") { Description = "With --plain: do not go into the background." };

    private static readonly Argument<string?> Interface = new("INTERFACE")
    {
        Description = "With --plain: the device to make.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "dataplane", "Runs the userspace WireGuard and GRE engine in the foreground (systemd and `run` start it), or a plain WireGuard.",
            "meshover dataplane",
            "wg show meshover0",
            "meshover dataplane --plain wg0 && wg setconf wg0 /etc/wireguard/wg0.conf && ip link set wg0 up",
            "LOG_LEVEL=debug meshover dataplane --plain --foreground wg0")
        {
            NoOffloads, Workers, Plain, Foreground, Probe, Interface,
        };
        command.Validators.Add(Validate);
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Probe))
            return ProbeAsync();
        return parsed.GetValue(Plain)
            ? RunPlainAsync(parsed, cancellationToken)
            : DaemonHost.RunAsync("dataplane", parsed, context => DataplaneDaemon.RunAsync(
                Options(context.Paths, !parsed.GetValue(NoOffloads), parsed.GetValue(Workers)),
                context.Loggers, BootTime.Instance, cancellationToken), cancellationToken);
    }

    private static async Task<int> ProbeAsync()
    {
        await Console.Out.WriteLineAsync(BuildInfo.Read().Describe());
        return ExitCode.Fine;
    }

    private static void Validate(CommandResult result)
    {
        var isPlain = result.GetValue(Plain);
        if (result.GetValue(Workers) is < 0 or > DataplaneOptions.MaximumWorkers)
            result.AddError($"--workers takes 1 to {DataplaneOptions.MaximumWorkers}.");
        if (isPlain && result.GetValue(Workers) != 0)
            result.AddError("--workers is for the node's own engine; leave it out with --plain.");
        if (isPlain && result.GetValue(Interface) is null)
            result.AddError("--plain needs the INTERFACE to make, such as wg0.");
        if (!isPlain && (result.GetValue(Interface) is not null || result.GetValue(Foreground)))
            result.AddError("INTERFACE and --foreground go with --plain; the node's own engine gets its devices from the agent.");
    }

    private static Task<int> RunPlainAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var plain = new PlainHost(parsed.GetRequiredValue(Interface)!, parsed.Paths(), parsed.GetValue(GlobalOptions.Debug), !parsed.GetValue(NoOffloads));
        return PlainHost.IsForeground(parsed.GetValue(Foreground)) ? plain.RunAsync(cancellationToken) : plain.StartAsync(cancellationToken);
    }

    private static DataplaneOptions Options(NodePaths paths, bool offloads, int workers) => new()
    {
        SocketPath = paths.DataplaneSocket,
        StatePath = paths.DataplaneState,
        TimestampPath = paths.TimestampFile,
        UapiDirectory = paths.UapiDirectory,
        Offloads = offloads,
        Workers = workers,
    };
}
