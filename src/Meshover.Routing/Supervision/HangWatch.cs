using System.Collections.Concurrent;
using System.Collections.Immutable;
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

    /// <summary>One that is only busy refuses at once while its queue is full: that is no third miss within a few seconds.</summary>
    internal static readonly TimeSpan MissesApart = TimeSpan.FromSeconds(10);

    /// <summary>Who has not answered for so long is named; killed it is only after three questions, each of which is waited for longer.</summary>
    public static readonly TimeSpan Noticed = TimeSpan.FromSeconds(3);

    /// <summary>Misses in a row of each process, and when the last that counts was asked.</summary>
    private Dictionary<int, (int Count, long Asked)> _misses = [];

    /// <summary>Since when each process that owes an answer has owed it.</summary>
    private readonly ConcurrentDictionary<int, long> _owed = [];

    /// <summary>Daemons that have not answered for <see cref="Noticed"/>; for anybody.</summary>
    public IEnumerable<string> Silent =>
        current().Daemons.Where(daemon => _owed.TryGetValue(daemon.Pid, out var since) && time.GetElapsedTime(since) >= Noticed).Select(daemon => daemon.Name).Order(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(ct)) await LookAsync(ct);
    }

    /// <summary>Daemons that still read their files answer nobody, so only those that were ready once are asked.</summary>
    internal async Task LookAsync(CancellationToken ct)
    {
        var state = current();
        ImmutableArray<FrrDaemonStatus> asked = state.State == RoutingState.Running ? state.Daemons : [];
        foreach (var gone in _owed.Keys.Where(pid => !asked.Any(daemon => daemon.Pid == pid))) _owed.TryRemove(gone, out _);
        var began = time.GetTimestamp();
        var answers = await Task.WhenAll(asked.Select(async daemon => (Daemon: daemon, IsThere: await AnswersAsync(daemon, ct))));
        _misses = answers.Where(answer => !answer.IsThere).ToDictionary(answer => answer.Daemon.Pid, answer => Missed(answer.Daemon.Pid, began));
        foreach (var (daemon, _) in answers.Where(answer => _misses.TryGetValue(answer.Daemon.Pid, out var missed) && missed.Count >= MostMisses).ToList()) Kill(daemon);
    }

    private (int Count, long Asked) Missed(int pid, long asked)
    {
        if (!_misses.TryGetValue(pid, out var former)) return (1, asked);
        return time.GetElapsedTime(former.Asked, asked) < MissesApart ? former : (former.Count + 1, asked);
    }

    private async Task<bool> AnswersAsync(FrrDaemonStatus daemon, CancellationToken ct)
    {
        try
        {
            _owed.TryAdd(daemon.Pid, time.GetTimestamp());
            await ask(FrrDaemon.Named(daemon.Name), ct);
            _owed.TryRemove(daemon.Pid, out _);
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
        _owed.TryRemove(daemon.Pid, out _);
        kill(daemon);
    }

    [LoggerMessage(LogLevel.Warning, "{Daemon} (process {Pid}) does not answer: {Reason}")]
    private partial void LogSilent(string daemon, int pid, string reason);

    [LoggerMessage(LogLevel.Error, "{Daemon} (process {Pid}) hangs and is killed, so that all of FRR restarts")]
    private partial void LogHangs(string daemon, int pid);
}
