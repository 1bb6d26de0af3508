using Meshover.Agent;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Up;

/// <summary>Stops the FRR that the distribution's package starts, and remembers it (a file beside the identity) so that `down` puts it back.</summary>
internal sealed class SystemFrrSwitch(NodePaths paths, TimeProvider time)
{
    /// <summary>The mark's content where the machine's start is to start it again, too.</summary>
    private static readonly byte[] AtBoot = "at boot\n"u8.ToArray();

    private string Mark => Path.Combine(paths.StateDirectory, "system-frr-stopped");

    /// <summary>It runs here, and nobody configured it. (A configured one is refused by the preflight, with the reason.)</summary>
    public bool CanBeStopped() => SystemFrr.IsRunningHere(paths.ToRoutingOptions()) && SystemFrr.Inspect().Kind == SystemFrrKind.Untouched;

    /// <exception cref="RoutingException">It could not be stopped.</exception>
    /// <exception cref="CliException">Another zebra than the system's runs.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var startsAtBoot = await SystemFrr.StartsAtBootAsync(time, cancellationToken);
        AtomicFile.Write(Mark, startsAtBoot ? AtBoot : []);
        await SystemFrr.Inspect().StopAsync(startsAtBoot, time, cancellationToken);
        if (!SystemFrr.IsRunningHere(paths.ToRoutingOptions()))
            return;
        await PutBackAsync(cancellationToken);
        throw new CliException("The system's FRR was stopped, but another zebra still runs here (`pgrep -a zebra` shows it): stop it, or leave routing out (--routing off).");
    }

    /// <summary>Nothing to do where it was not stopped by us.</summary>
    /// <exception cref="RoutingException">It could not be started.</exception>
    public async Task PutBackAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Mark))
            return;
        await SystemFrr.StartAsync((await File.ReadAllBytesAsync(Mark, cancellationToken)).AsSpan().SequenceEqual(AtBoot), time, cancellationToken);
        File.Delete(Mark);
    }
}
