using System.Collections.Immutable;
using System.CommandLine;
using Meshover.Agent.Configuration;
using Meshover.Cli.Announcing;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Cli.Up;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Daemons;

/// <summary><c>meshover run</c>: the supervisor of the daemons where there is no systemd, and a container's entry point.</summary>
internal static class RunCommand
{
    /// <summary>Of a container: what that was not given is said at each of its starts. On a machine `up` has looked.</summary>
    private const int FirstProcess = 1;

    public static Command Create()
    {
        var settings = new SettingOptions();
        var command = new ExampleCommand(
            "run", $"Runs the node's daemons in the foreground and restarts them; joins first where {JoinSource.Variable} is set and there is no identity.",
            "meshover run", "podman run --network host --device /dev/net/tun --cap-add NET_ADMIN,NET_RAW,SYS_ADMIN,SYS_PTRACE -e MESHOVER_JOIN=mo1.… meshover:latest meshover run --announce 10.64.1.0/24");
        settings.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var flags = settings.Read(parsed);
            var config = AgentConfigFile.Load(parsed.Paths().ConfigFile, flags);
            var join = FirstJoin.Find(parsed.Paths());
            return DaemonHost.RunAsync(DaemonNames.Run, parsed, async context =>
            {
                await NodeElsewhere.RefuseAsync(context.Paths, context.Time, cancellationToken);
                if (join is not null || Environment.ProcessId == FirstProcess)
                    await Preflight.CheckAsync(config, context.Paths, stopsSystemFrr: false, cancellationToken);
                if (join is not null)
                    await FirstJoin.JoinAsync(join, context, config, cancellationToken);
                var daemons = DaemonNames.Of(config);
                KeptDaemons.Write(context.Paths, daemons);
                await Supervisor(context, daemons, flags, config.DrainOnStop).RunAsync(cancellationToken);
            }, cancellationToken);
        });
        return command;
    }

    private static Supervisor Supervisor(DaemonContext context, ImmutableArray<string> daemons, ImmutableArray<RawSetting> flags, int drainOnStop)
    {
        var (paths, time) = (context.Paths, context.Time);
        var arguments = new Dictionary<string, ImmutableArray<string>> { [DaemonNames.Agent] = SettingOptions.ToArguments(flags), [DaemonNames.Dns] = SettingOptions.ToArguments(flags) };
        var processes = new DaemonProcesses(paths, arguments, time);
        var logger = context.Loggers.CreateLogger("run");
        var logs = daemons.Append(DaemonNames.Run).Select(paths.LogFile).ToImmutableArray();
        return new Supervisor(
            [.. daemons.Select(d => new DaemonKeeper(d, processes, logger, time))],
            new LogTrimmer(logs, time),
            new OrphanReaper(time),
            cancellationToken => StopDrain.RunAsync(paths, drainOnStop, cancellationToken),
            cancellationToken => StopFrrAsync(paths, cancellationToken),
            logger,
            time);
    }

    /// <summary>Nobody answers: there is no FRR of ours that could be asked to stop, and `down` looks again.</summary>
    private static async Task StopFrrAsync(NodePaths paths, CancellationToken cancellationToken)
    {
        try
        {
            await new RoutingClient(paths.RoutingSocket).StopAsync(cancellationToken);
        }
        catch (RoutingException)
        {
        }
    }
}
