using System.Collections.Concurrent;
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
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan MissesApart = TimeSpan.FromSeconds(10);

    /// <summary>Who has not answered for so long is named; killed it is only after three questions, each of which is waited for longer.</summary>
    public static readonly TimeSpan Noticed = TimeSpan.FromSeconds(3);

    /// <summary>Misses in a row of each process.</summary>
    private Dictionary<int, int> _misses = [];

    /// <summary>Since when each that owes an answer has owed it.</summary>
    private readonly ConcurrentDictionary<string, long> _owed = [];

    /// <summary>Daemons that have not answered for <see cref="Noticed"/>; for anybody.</summary>
    public IEnumerable<string> Silent => _owed.Where(owed => time.GetElapsedTime(owed.Value) >= Noticed).Select(owed => owed.Key).Order(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            var began = time.GetTimestamp();
            await LookAsync(ct);
            // One that is only busy refuses at once while its queue is full: that is no third miss within a few seconds.
            if (!_owed.IsEmpty && MissesApart - time.GetElapsedTime(began) is { Ticks: > 0 } rest) await Task.Delay(rest, time, ct);
        }
    }

    /// <summary>Daemons that still read their files answer nobody, so only those that were ready once are asked.</summary>
    internal async Task LookAsync(CancellationToken ct)
    {
        var state = current();
        if (state.State != RoutingState.Running)
        {
            _owed.Clear();
            return;
        }
        var missed = await Task.WhenAll(state.Daemons.Select(async d => (Daemon: d, Misses: await AnswersAsync(d, ct) ? 0 : _misses.GetValueOrDefault(d.Pid) + 1)));
        _misses = missed.ToDictionary(m => m.Daemon.Pid, m => m.Misses);
        foreach (var (daemon, _) in missed.Where(m => m.Misses >= MostMisses)) Kill(daemon);
    }

    private async Task<bool> AnswersAsync(FrrDaemonStatus daemon, CancellationToken ct)
    {
        try
        {
            _owed.TryAdd(daemon.Name, time.GetTimestamp());
            await ask(FrrDaemon.Named(daemon.Name), ct);
            _owed.TryRemove(daemon.Name, out _);
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
        _owed.TryRemove(daemon.Name, out _);
        kill(daemon);
    }

    [LoggerMessage(LogLevel.Warning, "{Daemon} (process {Pid}) does not answer: {Reason}")]
    private partial void LogSilent(string daemon, int pid, string reason);

    [LoggerMessage(LogLevel.Error, "{Daemon} (process {Pid}) hangs and is killed, so that all of FRR restarts")]
    private partial void LogHangs(string daemon, int pid);
}
