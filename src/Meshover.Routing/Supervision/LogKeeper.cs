using System.Collections.Immutable;
using Meshover.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>Keeps FRR's logs small, as they lie in memory (/run): a log that has grown becomes <c>NAME.log.1</c>, and its daemon begins anew.</summary>
internal sealed partial class LogKeeper(FrrFiles files, Func<IEnumerable<FrrDaemonStatus>> running, TimeProvider time, ILogger logger)
{
    private const long MostBytes = 4 << 20;
    private const int Reopen = 10; // SIGUSR1: FRR opens its log file again
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_interval, time);
        while (await timer.WaitForNextTickAsync(ct)) await RotateAsync(ct);
    }

    internal async Task RotateAsync(CancellationToken ct)
    {
        foreach (var daemon in running().Select(d => FrrDaemon.AnyRelease.Single(each => each.Name == d.Name)))
        {
            try
            {
                var log = new FileInfo(files.Log(daemon));
                if (!log.Exists || log.Length <= MostBytes) continue;
                // By its command line, not its bare pid: SIGUSR1 ends most other programs.
                var process = FrrProcessScan.Take(files).Ours.GetValueOrDefault(daemon.Name);
                log.MoveTo($"{log.FullName}.1", overwrite: true);
                await files.BeginLogAsync(daemon, time, ct);
                process?.Signal(Reopen);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ProcessException or RoutingException)
            {
                LogNotRotated(daemon.Name, e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "the log of {Daemon} cannot be kept small: {Reason}")]
    private partial void LogNotRotated(string daemon, string reason);
}
