using System.Collections.Immutable;
using Meshover.Linux.Processes;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>Starts zebra, bfdd and bgpd in this network namespace so that they outlive us, and finds those that already run.</summary>
internal sealed class FrrLauncher(RoutingOptions options, FrrFiles files, TimeProvider time)
{
    public RoutingOptions Options => options;

    // One that ends is noticed at once; one that is only slow, as on a busy machine, would be as slow again when started again.
    private static readonly TimeSpan _zebraReady = TimeSpan.FromSeconds(60);

    // bgpd answers when it has read its file, which takes FRR 8.4 some seconds at 100 neighbours and longer beyond.
    private static readonly TimeSpan _allReady = TimeSpan.FromMinutes(5);

    /// <summary>The daemons that a former process of ours left running; null unless all three are there (the rest is killed then).</summary>
    public async Task<FrrProcesses?> AdoptAsync(CancellationToken ct)
    {
        var ours = FrrProcessScan.Take(files).Ours;
        if (ours.Count == FrrDaemon.All.Length) return new FrrProcesses(ours);
        await FrrProcesses.KillAsync(ours.Values, ct);
        return null;
    }

    /// <summary>Starts all three with this configuration; none may be running.</summary>
    /// <exception cref="RoutingException">Something stands in the way, or a daemon ended while it started.</exception>
    public async Task<FrrProcesses> StartAsync(FrrConfig config, CancellationToken ct)
    {
        if (RoutingPreflight.FindProblems(options, config.BgpPort) is { IsEmpty: false } problems) throw new RoutingException(string.Join(" ", problems));
        await files.PrepareAsync(time, ct);
        files.WriteForStart(config);
        var started = ImmutableDictionary<string, ProcessIdentity>.Empty;
        try
        {
            foreach (var daemon in FrrDaemon.All)
            {
                started = started.Add(daemon.Name, Start(daemon, config));
                if (daemon == FrrDaemon.Zebra) await WaitForAsync(FrrDaemon.OwnMark(files), daemon, started[daemon.Name], _zebraReady, ct);
            }
            foreach (var daemon in FrrDaemon.All) await WaitForAsync(files.VtySocket(daemon), daemon, started[daemon.Name], _allReady, ct);
            return new FrrProcesses(started);
        }
        catch
        {
            await FrrProcesses.KillAsync(started.Values, CancellationToken.None);
            throw;
        }
    }

    private ProcessIdentity Start(FrrDaemon daemon, FrrConfig config)
    {
        try
        {
            return DetachedProcess.Start(Path.Combine(options.FrrBinaries, daemon.Name), daemon.Arguments(files, config), files.Path($"{daemon.Name}.out"));
        }
        catch (ProcessException e)
        {
            throw new RoutingException($"{daemon.Name} could not be started: {e.Message}", e);
        }
    }

    private async Task WaitForAsync(string socket, FrrDaemon daemon, ProcessIdentity process, TimeSpan patience, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (!File.Exists(socket))
        {
            if (!process.IsAlive) throw new RoutingException($"{daemon.Name} ended as it started: {files.LastLogLine(daemon)} (its log is {files.Log(daemon)})");
            if (time.GetElapsedTime(since) > patience) throw new RoutingException($"{daemon.Name} was not ready within {patience.TotalSeconds:0} s (its log is {files.Log(daemon)})");
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, ct);
        }
    }
}
