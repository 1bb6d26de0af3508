using Meshover.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Supervision;

/// <summary>Keeps one daemon running: adopts the one that runs, else starts one, and again when it has ended.</summary>
internal sealed partial class DaemonKeeper(string name, IDaemonProcesses processes, ILogger logger, TimeProvider time)
{
    private readonly RestartPolicy _policy = new();

    public string Name => name;

    /// <summary>Until cancelled; the daemon then runs on, as it does when the supervisor is killed.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            await RunOnceAsync(cancellationToken);
            await Task.Delay(_policy.AfterDeath(time.GetElapsedTime(started)), time, cancellationToken);
        }
    }

    /// <summary>Ends the daemon, if it runs.</summary>
    public async Task StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (processes.Find(name) is not { } process)
            return;
        await process.StopAsync(grace, cancellationToken);
        LogStopped(name, process.Pid);
    }

    /// <summary>Whatever the system refuses (no descriptor is left, /run is full) is tried again: nobody else would keep the daemon.</summary>
    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            var process = FindOrStart();
            LogEnded(name, process.Pid, await process.WaitForExitAsync(cancellationToken));
        }
        catch (Exception e) when (e is ProcessException or IOException or UnauthorizedAccessException)
        {
            LogCannotKeep(name, e.Message);
        }
    }

    private IDaemonProcess FindOrStart()
    {
        if (processes.Find(name) is { } running)
        {
            LogAdopted(name, running.Pid);
            return running;
        }
        var process = processes.Start(name);
        LogStarted(name, process.Pid);
        return process;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Daemon} is already running (process {Pid}): adopted")]
    private partial void LogAdopted(string daemon, int pid);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Daemon} started (process {Pid})")]
    private partial void LogStarted(string daemon, int pid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Daemon} ended by itself (process {Pid}, status {Status}); starting it again")]
    private partial void LogEnded(string daemon, int pid, int? status);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Daemon} stopped (process {Pid})")]
    private partial void LogStopped(string daemon, int pid);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Daemon} cannot be started or watched: {Reason}; trying again")]
    private partial void LogCannotKeep(string daemon, string reason);
}
