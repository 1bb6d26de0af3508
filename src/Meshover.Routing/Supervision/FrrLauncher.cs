using System.Collections.Immutable;
using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>Starts FRR's daemons so that they outlive us, where the configuration says, and finds those that already run.</summary>
internal sealed partial class FrrLauncher(FrrInstallation installation, FrrPlaces places, FrrFiles files, VtyshRunner vtysh, TimeProvider time, ILogger logger)
{
    // One that ends is noticed at once; one that is only slow, as on a busy machine, would be as slow again when started again.
    private static readonly TimeSpan _needed = TimeSpan.FromSeconds(60);

    // bgpd answers when it has read its file, which takes FRR 8.4 some seconds at 100 neighbours and longer beyond.
    private static readonly TimeSpan _allReady = TimeSpan.FromMinutes(5);

    private const int FindTries = 3;
    private static readonly TimeSpan _betweenTries = TimeSpan.FromSeconds(5);

    /// <summary>Made ready and not used yet.</summary>
    private (FrrBackendConfig Config, IFrrHome Home)? _prepared;

    /// <summary>
    /// The daemons that a former process of ours left running. Null unless all are there, as they would be started now: where, of which programs, and with
    /// which arguments; those that run are killed then, and neighbours have noticed it when this ends.
    /// </summary>
    /// <param name="applied">What they run; null where that is not known.</param>
    public async Task<FrrProcesses?> AdoptAsync(FrrConfig? applied, CancellationToken ct)
    {
        var ours = FrrProcessScan.Take(files).Ours;
        if (ours.IsEmpty) return null;
        var config = (applied ?? FrrConfig.Empty).Backend;
        await TryAsync(() => Task.Run(() => places.Remember(config), ct));
        if (await TryFindAsync(config, ours.Values, ct) is { } home && AreAsStartedNow(ours, applied, home.Features))
        {
            Enter(home);
            return new FrrProcesses(ours);
        }
        await FrrProcesses.KillAsync(ours.Values, ct);
        await Task.Delay(new RestartDelay().After(TimeSpan.MaxValue, TimeSpan.FromMilliseconds((applied ?? FrrConfig.Empty).BfdDetectionMs)), time, ct);
        return null;
    }

    private async Task<IFrrHome?> TryFindAsync(FrrBackendConfig config, IEnumerable<ProcessIdentity> daemons, CancellationToken ct)
    {
        for (var left = FindTries; ; left--)
        {
            try
            {
                return await places.Of(config).FindAsync([.. daemons], ct);
            }
            catch (RoutingException e) when (e.InnerException is not null && left > 1)
            {
                await Task.Delay(_betweenTries, time, ct); // a program that did not come to its end on a busy machine: FRR itself goes on
            }
            catch (RoutingException e)
            {
                LogNotAdopted(e.Message);
                return null;
            }
        }
    }

    /// <summary>What would keep FRR from starting with this configuration; changes nothing.</summary>
    public async Task<ImmutableArray<Finding>> FindProblemsAsync(FrrConfig config, CancellationToken ct) =>
        await places.Of(config.Backend).FindProblemsAsync(ct) is { Count: > 0 } problems
            ? [.. problems]
            : RoutingPreflight.FindObstacles(files, config.BgpPort, besideSystemFrr: false);

    /// <summary>Makes the place ready in which FRR will start, beside whatever runs.</summary>
    /// <exception cref="RoutingException">FRR could not run there.</exception>
    public async Task<IFrrHome> PrepareAsync(FrrBackendConfig wanted, CancellationToken ct)
    {
        if (_prepared is { } ready && ready.Config == wanted && IsThere(ready.Home)) return ready.Home;
        await DropPreparedAsync(ct);
        places.Remember(wanted);
        var home = await places.Of(wanted).PrepareAsync(ct);
        _prepared = (wanted, home);
        return home;
    }

    /// <summary>Takes away what was made ready and is not wanted after all.</summary>
    public async Task DropPreparedAsync(CancellationToken ct)
    {
        if (_prepared is not { } ready) return;
        _prepared = null;
        await TryAsync(() => ready.Home.RemoveAsync(ct));
    }

    /// <summary>Starts all with this configuration; none may be running.</summary>
    /// <exception cref="RoutingException">Something stands in the way, or a daemon ended while it started.</exception>
    public async Task<FrrProcesses> StartAsync(FrrConfig config, CancellationToken ct)
    {
        var home = await PrepareAsync(config.Backend, ct);
        if (RoutingPreflight.FindObstacles(files, config.BgpPort, besideSystemFrr: false) is { IsEmpty: false } obstacles)
            throw new RoutingException(string.Join(" ", obstacles)) { Kind = obstacles[0].Kind };
        _prepared = null;
        Enter(home);
        FrrProcesses processes;
        try
        {
            await files.PrepareAsync(time, ct);
            await files.WriteForStartAsync(config, home.Features, time, ct);
            processes = await StartDaemonsAsync(config, home, ct);
        }
        catch
        {
            await TryAsync(() => home.RemoveAsync(CancellationToken.None));
            throw;
        }
        await TryAsync(() => places.ClearAsync(config.Backend, home, ct));
        return processes;
    }

    /// <summary>Takes away all that was made for FRR, which has ended.</summary>
    /// <exception cref="RoutingException">Something could not be taken away.</exception>
    public Task ClearAsync(CancellationToken ct) => places.ClearAsync(ct);

    private async Task<FrrProcesses> StartDaemonsAsync(FrrConfig config, IFrrHome home, CancellationToken ct)
    {
        var daemons = FrrDaemon.Of(home.Features);
        var started = ImmutableDictionary<string, ProcessIdentity>.Empty;
        try
        {
            foreach (var daemon in daemons)
            {
                started = started.Add(daemon.Name, await home.StartAsync(daemon, daemon.Arguments(files, config, home.Features), ct));
                await WaitForNeededAsync(daemon, config, started[daemon.Name], ct);
            }
            foreach (var daemon in daemons) await WaitForAsync(files.VtySocket(daemon), daemon, started[daemon.Name], _allReady, ct);
            return new FrrProcesses(started);
        }
        catch
        {
            await FrrProcesses.KillAsync(started.Values, CancellationToken.None);
            throw;
        }
    }

    private void Enter(IFrrHome home) => (installation.Home, files.Owner) = (home, home.Owner);

    // What stays there holds no daemon any more, and the next start of FRR, or `meshover down`, tries again.
    private async Task TryAsync(Func<Task> takeAway)
    {
        try
        {
            await takeAway();
        }
        catch (RoutingException e)
        {
            LogNotCleared(e.Message);
        }
    }

    private static bool IsThere(IFrrHome home)
    {
        try
        {
            return home.Vtysh.Program.Length > 0;
        }
        catch (RoutingException)
        {
            return false;
        }
    }

    private bool AreAsStartedNow(ImmutableDictionary<string, ProcessIdentity> ours, FrrConfig? applied, FrrFeatures features) =>
        IsWhole(ours, features) && (applied is null || FrrDaemon.Of(features).All(d => IsAsStarted(ours[d.Name], d.Arguments(files, applied, features))));

    private static bool IsWhole(ImmutableDictionary<string, ProcessIdentity> ours, FrrFeatures features) =>
        ours.Count == FrrDaemon.Of(features).Length && FrrDaemon.Of(features).All(d => ours.ContainsKey(d.Name));

    // A package manager puts a new file in the place of the old one, which the process goes on running although it has no name any more.
    private static bool IsAsStarted(ProcessIdentity process, string[] arguments) =>
        process.Executable is { } program && !program.EndsWith(" (deleted)", StringComparison.Ordinal)
        && ProcFacts.CommandLine(process.Pid).Skip(1).SequenceEqual(arguments);

    /// <summary>Those that are started next need mgmtd, which has zebra's configuration ready when that connects, and then zebra.</summary>
    private async Task WaitForNeededAsync(FrrDaemon daemon, FrrConfig config, ProcessIdentity process, CancellationToken ct)
    {
        if (daemon == FrrDaemon.Mgmtd)
        {
            await WaitForAsync(files.VtySocket(daemon), daemon, process, _needed, ct);
            await vtysh.ConfigureAsync(FrrDaemon.Zebra.Name, FrrDaemon.Zebra.Text(config), ct);
        }
        else if (daemon == FrrDaemon.Zebra) await WaitForAsync(FrrDaemon.OwnMark(files), daemon, process, _needed, ct);
    }

    private async Task WaitForAsync(string socket, FrrDaemon daemon, ProcessIdentity process, TimeSpan patience, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (!File.Exists(socket))
        {
            if (!process.IsAlive) throw new RoutingException($"{daemon.Name} ended at startup: {files.LastLogLine(daemon)} (its log is {files.Log(daemon)})") { Kind = FindingKinds.FrrRestarting };
            if (time.GetElapsedTime(since) > patience) throw new RoutingException($"{daemon.Name} was not ready within {patience.TotalSeconds:0} s (its log is {files.Log(daemon)})");
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, ct);
        }
    }

    [LoggerMessage(LogLevel.Warning, "FRR that runs cannot be adopted and is started anew: {Reason}")]
    private partial void LogNotAdopted(string reason);

    [LoggerMessage(LogLevel.Warning, "what FRR ran in before could not be taken away: {Reason}")]
    private partial void LogNotCleared(string reason);
}
