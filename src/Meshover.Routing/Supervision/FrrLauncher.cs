using System.Collections.Immutable;
using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Starts FRR's daemons in this network namespace so that they outlive us, and finds those that already run.</summary>
internal sealed class FrrLauncher(FrrInstallation installation, FrrFiles files, VtyshRunner vtysh, TimeProvider time)
{
    public RoutingOptions Options => installation.Options;

    /// <summary>Of the release that was started or adopted last.</summary>
    public FrrFeatures Features => installation.Features;

    public FrrInstallation Installation => installation;

    // One that ends is noticed at once; one that is only slow, as on a busy machine, would be as slow again when started again.
    private static readonly TimeSpan _needed = TimeSpan.FromSeconds(60);

    // bgpd answers when it has read its file, which takes FRR 8.4 some seconds at 100 neighbours and longer beyond.
    private static readonly TimeSpan _allReady = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The daemons that a former process of ours left running. Null unless all are there, of the programs that are installed now, and with
    /// the arguments that they would be given now; those that run are killed then, and neighbours have noticed it when this ends.
    /// </summary>
    /// <param name="applied">What they run; null where that is not known.</param>
    public async Task<FrrProcesses?> AdoptAsync(FrrConfig? applied, CancellationToken ct)
    {
        var ours = FrrProcessScan.Take(files).Ours;
        if (ours.IsEmpty) return null;
        if (await AreAsStartedNowAsync(ours, applied, ct)) return new FrrProcesses(ours);
        await FrrProcesses.KillAsync(ours.Values, ct);
        await Task.Delay(new RestartDelay().After(TimeSpan.MaxValue, TimeSpan.FromMilliseconds((applied ?? FrrConfig.Empty).BfdDetectionMs)), time, ct);
        return null;
    }

    /// <summary>Starts all with this configuration; none may be running.</summary>
    /// <exception cref="RoutingException">Something stands in the way, or a daemon ended while it started.</exception>
    public async Task<FrrProcesses> StartAsync(FrrConfig config, CancellationToken ct)
    {
        if (RoutingPreflight.MissingPrograms(Options) is { } missing) throw new RoutingException(missing) { Kind = FindingKinds.FrrMissing };
        var features = await installation.ExamineAsync(ct);
        if (RoutingPreflight.FindProblems(Options, features, config.BgpPort) is { IsEmpty: false } problems)
            throw new RoutingException(string.Join(" ", problems)) { Kind = problems[0].Kind };
        await files.PrepareAsync(time, ct);
        await files.WriteForStartAsync(config, features, time, ct);
        var started = ImmutableDictionary<string, ProcessIdentity>.Empty;
        try
        {
            foreach (var daemon in FrrDaemon.Of(features))
            {
                started = started.Add(daemon.Name, Start(daemon, config, features));
                await WaitForNeededAsync(daemon, config, started[daemon.Name], ct);
            }
            foreach (var daemon in FrrDaemon.Of(features)) await WaitForAsync(files.VtySocket(daemon), daemon, started[daemon.Name], _allReady, ct);
            return new FrrProcesses(started);
        }
        catch
        {
            await FrrProcesses.KillAsync(started.Values, CancellationToken.None);
            throw;
        }
    }

    private async Task<bool> AreAsStartedNowAsync(ImmutableDictionary<string, ProcessIdentity> ours, FrrConfig? applied, CancellationToken ct)
    {
        if (RoutingPreflight.MissingPrograms(Options) is not null) return false; // the start will say it
        var features = await installation.ExamineAsync(ct);
        return IsWhole(ours, features) && (applied is null || FrrDaemon.Of(features).All(d => IsAsStarted(ours[d.Name], d.Arguments(files, applied, features))));
    }

    private static bool IsWhole(ImmutableDictionary<string, ProcessIdentity> ours, FrrFeatures features) =>
        ours.Count == FrrDaemon.Of(features).Length && FrrDaemon.Of(features).All(d => ours.ContainsKey(d.Name));

    // A package manager puts a new file in the place of the old one, which the process goes on running although it has no name any more.
    private static bool IsAsStarted(ProcessIdentity process, string[] arguments) =>
        process.Executable is { } program && !program.EndsWith(" (deleted)", StringComparison.Ordinal)
        && ProcFacts.CommandLine(process.Pid).Skip(1).SequenceEqual(arguments);

    private ProcessIdentity Start(FrrDaemon daemon, FrrConfig config, FrrFeatures features)
    {
        try
        {
            return DetachedProcess.Start(installation.Program(daemon.Name), daemon.Arguments(files, config, features), files.Path($"{daemon.Name}.out"));
        }
        catch (ProcessException e)
        {
            throw new RoutingException($"{daemon.Name} could not be started: {e.Message}", e);
        }
    }

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
}
