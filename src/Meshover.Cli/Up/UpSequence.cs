using System.Collections.Immutable;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Status;
using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Up;

/// <summary>
/// The steps of `up`. Everything is read and checked before the first change: 1. settings, 2. the machine, 3. enrolling (which writes the
/// identity), 4. agent.yaml, 5. the system's FRR, 6. the daemons.
/// </summary>
internal sealed class UpSequence(
    UpRequest request, INodeServices services, SystemFrrSwitch systemFrr, ILogger logger, TimeProvider time, Action<string> say)
{
    /// <summary>A member can do without an answer, and should not stay down long because there is none.</summary>
    private static readonly TimeSpan MemberTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan HandoverTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan HandoverInterval = TimeSpan.FromMilliseconds(100);

    private readonly NodePaths _paths = request.Paths;

    /// <exception cref="CliException">A step failed; those after it were not begun.</exception>
    /// <exception cref="AgentException">Enrolling failed; nothing was changed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var identity = new IdentityStore(_paths.StateDirectory).Load();
        CheckMembership(identity);
        var settings = DesiredSettings.Of(_paths.ConfigFile, ReadConfig(), identity?.Settings, request.Flags);
        var stopsSystemFrr = request.DisableSystemFrr && settings.Config.Routing == RoutingChoice.Frr && systemFrr.CanBeStopped();
        await Preflight.CheckAsync(settings.Config, _paths, stopsSystemFrr, cancellationToken);
        var enrolled = await EnrolAsync(identity, settings, cancellationToken);
        WriteConfig(settings);
        if (stopsSystemFrr)
        {
            await systemFrr.StopAsync(cancellationToken);
            say("Stopped the system's own FRR; `meshover down` starts it again.");
        }
        // A running agent knows only the numbers that it started with.
        await StartAsync(settings, isNewNode: enrolled.Numbers != identity?.Numbers, cancellationToken);
    }

    /// <summary>A machine is a member of one mesh; another's join string is refused, not taken silently.</summary>
    private void CheckMembership(NodeIdentity? identity)
    {
        if (request.Join is null && identity is not { IsEnrolled: true })
            throw new CliException(
                "This machine belongs to no mesh yet: give it a join string, `meshover up --join STRING` (`meshover token create` on the controller prints one).");
        if (request.Join is { } join && identity is { IsEnrolled: true } && !join.CaPins.Intersect(identity.CaPins).Any())
            throw new CliException(
                $"This machine is node {identity.HostName} of a mesh whose authority this join string does not pin ({string.Join(", ", identity.Controllers)}): to join "
                + "another mesh, or the same one after its authority was replaced, run `meshover leave` first (`--force` if no controller accepts it).");
    }

    /// <summary>
    /// With a join string a member enrols again, which changes nothing where the controller still knows it, and takes it back in where
    /// it was removed and allowed since.
    /// </summary>
    private async Task<NodeIdentity> EnrolAsync(NodeIdentity? identity, DesiredSettings settings, CancellationToken cancellationToken)
    {
        var member = identity is { IsEnrolled: true } ? identity : null;
        if (request.Join is null)
            return member!; // CheckMembership saw to it
        var join = EnrolmentSettings.Through(settings.Config, request.Join);
        say($"Joining through {string.Join(", ", join.Controllers)} ...");
        var timeout = member is null || request.Timeout < MemberTimeout ? request.Timeout : MemberTimeout;
        var options = EnrolmentSettings.Of(settings.Config, _paths) with { Timeout = timeout };
        try
        {
            var enrolled = await Enrolment.EnrolAsync(join, options, logger, time, cancellationToken);
            say($"Joined as {enrolled.HostName}: {enrolled.Numbers!.Address4}, {enrolled.Numbers.Address6}, AS {enrolled.Numbers.Asn}.");
            return enrolled;
        }
        catch (AgentException e) when (e.IsUnanswered && member is not null)
        {
            say($"{e.Message} Continuing as {member.HostName}, which this machine already is.");
            return member;
        }
    }

    private async Task StartAsync(DesiredSettings settings, bool isNewNode, CancellationToken cancellationToken)
    {
        var daemons = DaemonNames.Of(settings.Config);
        var agentRan = Runs(DaemonNames.Agent);
        if (agentRan && services.Keeps(DaemonNames.Routing) != daemons.Contains(DaemonNames.Routing))
        {
            await services.StopAsync(cancellationToken);
            if (!daemons.Contains(DaemonNames.Routing))
                await EndFrrAsync(cancellationToken);
        }
        else if (agentRan && (isNewNode || await MustRestartAsync(settings, cancellationToken)))
        {
            await services.RestartAgentAsync(cancellationToken);
            if (!daemons.Contains(DaemonNames.Dataplane))
                await EndEngineAsync(cancellationToken);
        }
        await services.StartAsync(daemons, cancellationToken);
    }

    /// <summary>Some services leave it running, for a next <c>routing</c>. A container that an engine does not take away now is remembered, and keeps no service from its start.</summary>
    private async Task EndFrrAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FrrRemnants.StopAsync(_paths.ToRoutingOptions(), time, cancellationToken);
        }
        catch (RoutingException e)
        {
            say(e.Message);
        }
    }

    /// <summary>Not where a running agent can take all that changed.</summary>
    private async Task<bool> MustRestartAsync(DesiredSettings settings, CancellationToken cancellationToken) =>
        (await AgentApi.TryReloadAsync(_paths.AgentSocket, time, cancellationToken))?.RestartNeeded ?? settings.IsChange;

    /// <summary>
    /// An engine that is to run no more carries the packets until the new agent takes them over. It forgets its configuration, too: it would
    /// come back with it when it is wanted again.
    /// </summary>
    private async Task EndEngineAsync(CancellationToken cancellationToken)
    {
        var engine = new DataplaneClient(_paths.DataplaneSocket);
        var start = time.GetTimestamp();
        try
        {
            while ((await engine.GetStatusAsync(cancellationToken)).Interface is not null && time.GetElapsedTime(start) < HandoverTimeout)
                await Task.Delay(HandoverInterval, time, cancellationToken);
            await engine.StopAsync(teardown: true, cancellationToken);
        }
        catch (DataplaneException)
        {
            // It does not run: the agent has ended it, or removes what it left.
        }
    }

    private bool Runs(string daemon) => ProcessIdentity.ReadLive(_paths.PidFile(daemon)) is not null;

    private string? ReadConfig() => File.Exists(_paths.ConfigFile) ? File.ReadAllText(_paths.ConfigFile) : null;

    private void WriteConfig(DesiredSettings settings)
    {
        if (settings is { Yaml: { } yaml, IsChange: true })
            AtomicFile.Write(_paths.ConfigFile, System.Text.Encoding.UTF8.GetBytes(yaml));
    }
}
