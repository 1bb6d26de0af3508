using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.WireGuard;
using Meshover.WireGuard.Io;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Daemons;

/// <summary>
/// <c>meshover dataplane --plain</c>: the process of a plain WireGuard, with the habits and the environment of <c>wireguard-go</c>. Many
/// of them may run on one machine, so it takes no pid file and no directory.
/// </summary>
internal sealed class PlainHost(string device, NodePaths paths, bool debug, bool offloads)
{
    private const string LogLevelVariable = "LOG_LEVEL";
    private const string ForegroundVariable = "WG_PROCESS_FOREGROUND";

    public static bool IsForeground(bool asked) => asked || Environment.GetEnvironmentVariable(ForegroundVariable) == "1";

    /// <summary>Runs it in this process, until it is cancelled.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        using var loggers = Logs.Create(Level(Environment.GetEnvironmentVariable(LogLevelVariable)));
        await PlainWireGuard.RunAsync(device, paths.UapiDirectory, offloads, loggers, BootTime.Instance, cancellationToken);
        return ExitCode.Fine;
    }

    /// <summary>Runs it in a process of its own, and returns once it answers. Silent, unless a log was asked for.</summary>
    /// <exception cref="CliException">It could not start; says why.</exception>
    public async Task<int> StartAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        var level = Environment.GetEnvironmentVariable(LogLevelVariable) ?? (debug ? "debug" : "silent");
        var background = new PlainBackground(Path.Combine(paths.UapiDirectory, $"{device}.sock"), TimeProvider.System);
        await background.StartAsync(Arguments(), LogLevelVariable, level, logs: Level(level) < LogLevel.None, cancellationToken);
        return ExitCode.Fine;
    }

    private string[] Arguments() =>
    [
        "dataplane", "--plain", "--foreground", device, .. paths.ToArguments(),
        .. debug ? ["--debug"] : Array.Empty<string>(),
        .. offloads ? Array.Empty<string>() : ["--no-offloads"],
    ];

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new CliException("Only root can create a WireGuard device: run this as root.");
    }

    private LogLevel Level(string? name) => name switch
    {
        "verbose" or "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "error" => LogLevel.Error,
        "silent" => LogLevel.None,
        _ => debug ? LogLevel.Debug : LogLevel.Information,
    };
}
