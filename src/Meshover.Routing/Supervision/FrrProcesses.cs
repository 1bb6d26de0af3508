using System.Collections.Immutable;
using Meshover.Linux.Processes;

namespace Meshover.Routing.Supervision;

/// <summary>
/// The running daemons, started or adopted. They live and die together: as soon as one ends the others are killed, because one
/// restarted alone loses packets for 0.1 s (bgpd) to 10 s (zebra), or makes zebra forget lines (mgmtd), and all restarted gracefully lose none.
/// </summary>
internal sealed class FrrProcesses : IAsyncDisposable
{
    private readonly CancellationTokenSource _watching = new();

    public FrrProcesses(ImmutableDictionary<string, ProcessIdentity> daemons)
    {
        Daemons = daemons;
        Ended = WatchAsync(_watching.Token);
    }

    public ImmutableDictionary<string, ProcessIdentity> Daemons { get; }

    /// <summary>Ends with the name of the daemon that died first, when all are dead; cancelled by <see cref="DisposeAsync"/>.</summary>
    public Task<string> Ended { get; }

    /// <summary>SIGKILL to all, and waits until they are gone.</summary>
    public static async Task KillAsync(IEnumerable<ProcessIdentity> daemons, CancellationToken ct)
    {
        var all = daemons.ToList();
        foreach (var daemon in all) daemon.Kill();
        await Task.WhenAll(all.Select(d => d.WaitForExitAsync(ct)));
    }

    /// <summary>SIGTERM: bgpd takes leave of its neighbours first, then zebra (started without -r) takes its routes away.</summary>
    public async Task StopAsync(TimeProvider time, CancellationToken ct)
    {
        await _watching.CancelAsync();
        foreach (var daemon in FrrDaemon.AnyRelease.Reverse())
            if (Daemons.TryGetValue(daemon.Name, out var process)) await process.StopAsync(TimeSpan.FromSeconds(5), time, ct);
    }

    /// <summary>Stops watching. The daemons go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _watching.CancelAsync();
        await Ended.ContinueWith(_ => { }, TaskScheduler.Default);
        _watching.Dispose();
    }

    private async Task<string> WatchAsync(CancellationToken ct)
    {
        var first = await await Task.WhenAny(Daemons.Select(d => NameAtExitAsync(d.Key, d.Value, ct)));
        await KillAsync(Daemons.Values, ct);
        return first;
    }

    private static async Task<string> NameAtExitAsync(string name, ProcessIdentity process, CancellationToken ct)
    {
        await process.WaitForExitAsync(ct);
        return name;
    }
}
