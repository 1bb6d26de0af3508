using System.Collections.Immutable;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Up;

/// <summary>
/// The steps of `up`. Everything is read and checked before the first change: 1. settings, 2. the machine, 3. enrolling (which writes the
/// identity), 4. agent.yaml, 5. the system's FRR, 6. the daemons.
/// </summary>
internal sealed class UpSequence(
    UpRequest request, INodeServices services, SystemFrrSwitch systemFrr, ILogger logger, TimeProvider time, Action<string> say)
{
    private readonly NodePaths _paths = request.Paths;

    /// <exception cref="CliException">A step failed; those after it were not begun.</exception>
    /// <exception cref="AgentException">Enrolling failed; nothing was changed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var identity = new IdentityStore(_paths.StateDirectory).Load();
        CheckMembership(identity);
        var settings = ConfigErrors.AsUsage(() => DesiredSettings.Of(_paths.ConfigFile, ReadConfig(), identity?.Settings, request.Flags));
        var stopsSystemFrr = request.DisableSystemFrr && settings.Config.Routing == RoutingChoice.Frr && systemFrr.CanBeStopped();
        Preflight.Check(settings.Config, Runs(DaemonNames.Dataplane), _paths.ToRoutingOptions(), stopsSystemFrr);
        await EnrolAsync(identity, settings, cancellationToken);
        WriteConfig(settings);
        if (stopsSystemFrr)
            await systemFrr.StopAsync(cancellationToken);
        await StartAsync(settings, cancellationToken);
    }

    /// <summary>A machine is a member of one mesh; another's join string is refused, not taken silently.</summary>
    private void CheckMembership(NodeIdentity? identity)
    {
        if (request.Join is null && identity is not { IsEnrolled: true })
            throw new CliException(
                "This machine belongs to no mesh yet: give it a join string, `meshover up --join STRING` (`meshover token create` on the controller prints one).");
        if (request.Join is { } join && identity is { IsEnrolled: true } && !join.CaPins.Intersect(identity.CaPins).Any())
            throw new CliException(
                $"This machine is {identity.HostName} of another mesh ({string.Join(", ", identity.Controllers)}): run `meshover leave` first.");
    }

    private async Task EnrolAsync(NodeIdentity? identity, DesiredSettings settings, CancellationToken cancellationToken)
    {
        if (identity is { IsEnrolled: true })
            return;
        var join = EnrolmentSettings.Through(settings.Config, request.Join!);
        say($"Joining through {string.Join(", ", join.Controllers)} ...");
        var options = EnrolmentSettings.Of(settings.Config, _paths) with { Timeout = request.Timeout };
        var enrolled = await Enrolment.EnrolAsync(join, options, logger, time, cancellationToken);
        say($"Joined as {enrolled.HostName}: {enrolled.Numbers!.Address4}, {enrolled.Numbers.Address6}, AS {enrolled.Numbers.Asn}.");
    }

    private async Task StartAsync(DesiredSettings settings, CancellationToken cancellationToken)
    {
        var daemons = DaemonNames.Of(settings.Config);
        var agentRan = Runs(DaemonNames.Agent);
        if (agentRan && DaemonNames.All.Any(d => Runs(d) != daemons.Contains(d)))
            await services.StopAsync(cancellationToken);
        else if (agentRan && settings.IsChange)
            await services.RestartAgentAsync(cancellationToken);
        await services.StartAsync(daemons, cancellationToken);
    }

    private bool Runs(string daemon) => ProcessIdentity.ReadLive(_paths.PidFile(daemon)) is not null;

    private string? ReadConfig() => File.Exists(_paths.ConfigFile) ? File.ReadAllText(_paths.ConfigFile) : null;

    private void WriteConfig(DesiredSettings settings)
    {
        if (settings is { Yaml: { } yaml, IsChange: true })
            AtomicFile.Write(_paths.ConfigFile, System.Text.Encoding.UTF8.GetBytes(yaml));
    }
}
