using System.CommandLine;
using Meshover.Cli.CommandLine;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Hosting;

/// <summary>What all daemons have in common: a directory to live in, one of a kind, a log, an end by signal.</summary>
internal static class DaemonHost
{
    /// <summary>World-readable, as FRR's own user passes through it; what is secret in it is 0600 itself.</summary>
    private const UnixFileMode RuntimeDirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Runs the daemon until it is cancelled, which a signal does (<see cref="TerminationSignals"/>).</summary>
    /// <exception cref="CliException">Another one of this name runs on this machine.</exception>
    public static async Task<int> RunAsync(string name, ParseResult parsed, Func<DaemonContext, Task> body, CancellationToken cancellationToken)
    {
        var paths = parsed.Paths();
        RequireRoot(name);
        Directory.CreateDirectory(paths.RuntimeDirectory, RuntimeDirectoryMode);
        using var pidFile = PidFile.Take(paths.PidFile(name), name);
        using var loggers = Logs.Create(parsed.GetValue(GlobalOptions.Debug));
        try
        {
            await body(new DaemonContext(paths, loggers, TimeProvider.System));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        return ExitCode.Fine;
    }

    /// <param name="does">What it does that is root's alone.</param>
    /// <exception cref="CliException">This is not root; nothing was done.</exception>
    public static void RequireRoot(string command, string does = "changes interfaces, routes and FRR")
    {
        if (!Environment.IsPrivilegedProcess)
            throw new CliException($"`meshover {command}` {does}: run it as root.", ExitCode.Usage);
    }
}

/// <summary>What a daemon's body is given.</summary>
internal sealed record DaemonContext(NodePaths Paths, ILoggerFactory Loggers, TimeProvider Time);
