using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Cli.Supervision;
using Meshover.Contract.V1;

namespace Meshover.Cli.Up;

/// <summary>After the start: waits for the agent, then for the peers, and says how far it is.</summary>
internal sealed class UpWait(NodePaths paths, TimeProvider time, Action<string> say)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // It answers within half a second; on a machine that starts with everything else at once, later.
    private static readonly TimeSpan ForAgent = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ForPeers = TimeSpan.FromSeconds(20);
    private const int MostNamed = 5;

    /// <returns>The exit code: degraded where some peers are not up in time.</returns>
    /// <exception cref="CliException">The agent does not come up.</exception>
    public async Task<int> UntilReadyAsync(bool alsoPeers, CancellationToken cancellationToken)
    {
        var status = await PollAsync(s => s is not null, ForAgent, cancellationToken) ?? throw NoAgent();
        if (!alsoPeers)
            return ExitCode.Fine;
        status = await PollAsync(IsReady, ForPeers, cancellationToken) ?? status;
        if (IsDone(status))
        {
            say(status.Peers.Count == 0 ? "Up. There are no other nodes yet." : $"Up. {Count(status)} reachable.{Silent(status)}");
            foreach (var error in Components(status).SelectMany(c => c.Errors).Take(MostNamed))
                say($"Not all of the settings could be applied: {error}");
            return ExitCode.Fine;
        }
        say($"Up, but not all is well yet: {Shortfall(status)}. The daemons keep trying; `meshover status` shows the current state.");
        return ExitCode.Degraded;
    }

    private async Task<AgentStatus?> PollAsync(Func<AgentStatus?, bool> done, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var shown = "";
        AgentStatus? status;
        while (true)
        {
            status = await AgentApi.TryGetStatusAsync(paths.AgentSocket, time, cancellationToken);
            if (done(status) || time.GetElapsedTime(started) > patience)
                return status;
            shown = Show(status, shown);
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private string Show(AgentStatus? status, string shown)
    {
        var now = status is null ? "Waiting for the agent ..." : status.MapAgeSeconds < 0 ? "Waiting for the map ..." : $"{Count(status)} ...";
        if (now != shown)
            say(now);
        return now;
    }

    /// <summary>Nothing more is to come.</summary>
    private static bool IsReady(AgentStatus? status) =>
        status is not null && status.Peers.All(PeerHealth.IsReachable) && IsDone(status) && !Components(status).Any(c => IsBehind(c, status));

    /// <summary>What is wrong with it is not what it is behind with.</summary>
    private static bool IsBehind(ComponentStatus component, AgentStatus status) => component.State == "ok" && component.AppliedGeneration < status.Generation;

    /// <summary>All is well with this node; who does not answer after the whole wait is off.</summary>
    private static bool IsDone(AgentStatus status) =>
        status.MapAgeSeconds >= 0 && status.Peers.All(PeerHealth.IsNoFaultOfOurs) && !Components(status).Any(c => c.State is "starting" or "failed");

    private static string Silent(AgentStatus status)
    {
        var names = status.Peers.Where(peer => peer.Silent).Select(peer => peer.Hostname).Order(StringComparer.Ordinal).ToList();
        var shown = string.Join(", ", names.Take(MostNamed)) + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");
        return names.Count == 0 ? "" : $" Nothing is heard from {shown}: off, or cut off.";
    }

    private static IEnumerable<ComponentStatus> Components(AgentStatus status) =>
        ((ComponentStatus?[])[status.Dataplane, status.Routing, status.Kernel]).OfType<ComponentStatus>();

    private static string Count(AgentStatus status) => $"{status.Peers.Count(PeerHealth.IsReachable)} of {status.Peers.Count} peers";

    private static string Shortfall(AgentStatus status)
    {
        if (status.MapAgeSeconds < 0)
            return status.ControllerError is { Length: > 0 } error ? $"there is no map of the mesh ({error})" : "there is no map of the mesh";
        return Components(status).SelectMany(c => c.Errors).FirstOrDefault() ?? $"{Count(status)} are reachable";
    }

    private CliException NoAgent()
    {
        var log = paths.LogFile(DaemonNames.Agent);
        var last = File.Exists(log) ? File.ReadLines(log).LastOrDefault() : null;
        return new CliException(last is null
            ? $"The agent does not answer after {ForAgent.TotalSeconds:0} s; `journalctl -u meshover-agent`, or {paths.LogFile(DaemonNames.Run)}, says why."
            : $"The agent does not answer after {ForAgent.TotalSeconds:0} s. The last line of its log ({log}): {last}");
    }
}
