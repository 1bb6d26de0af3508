using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Finds a daemon of FRR that lives but hangs. bgpd's keepalives come from a thread of their own, so its sessions would stand for ever while
/// nothing is routed anew. One that answers no question three times is killed, and the supervisor starts all again as after any death.
/// </summary>
/// <param name="ask">Throws where the daemon does not answer.</param>
/// <param name="kill">Ends the process.</param>
internal sealed partial class HangWatch(
    Func<FrrDaemon, CancellationToken, Task> ask, Action<FrrDaemonStatus> kill, Func<SupervisorState> current, TimeProvider time, ILogger logger)
{
    public const int MostMisses = 3;
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Misses in a row of each process.</summary>
    private Dictionary<int, int> _misses = [];

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(ct)) await LookAsync(ct);
    }

    /// <summary>Daemons that still read their files answer nobody, so only those that were ready once are asked.</summary>
    internal async Task LookAsync(CancellationToken ct)
    {
        var state = current();
        if (state.State != RoutingState.Running) return;
        var missed = await Task.WhenAll(state.Daemons.Select(async d => (Daemon: d, Misses: await AnswersAsync(d, ct) ? 0 : _misses.GetValueOrDefault(d.Pid) + 1)));
        _misses = missed.ToDictionary(m => m.Daemon.Pid, m => m.Misses);
        foreach (var (daemon, _) in missed.Where(m => m.Misses >= MostMisses)) Kill(daemon);
    }

    private async Task<bool> AnswersAsync(FrrDaemonStatus daemon, CancellationToken ct)
    {
        try
        {
            await ask(FrrDaemon.Named(daemon.Name), ct);
            return true;
        }
        catch (RoutingException e)
        {
            LogSilent(daemon.Name, daemon.Pid, e.Message);
            return false;
        }
    }

    private void Kill(FrrDaemonStatus daemon)
    {
        LogHangs(daemon.Name, daemon.Pid);
        _misses.Remove(daemon.Pid);
        kill(daemon);
    }

    [LoggerMessage(LogLevel.Warning, "{Daemon} (process {Pid}) does not answer: {Reason}")]
    private partial void LogSilent(string daemon, int pid, string reason);

    [LoggerMessage(LogLevel.Error, "{Daemon} (process {Pid}) hangs and is killed, so that all of FRR restarts")]
    private partial void LogHangs(string daemon, int pid);
}
