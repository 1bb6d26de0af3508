using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;
using Meshover.Mesh.Identity;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Ends the deadlock of <see cref="FrrFeatures.WaitsForBfd"/>: nothing does but FRR's start as a whole, which loses no packet. A neighbour
/// that is really gone looks the same from here, so there is one start for each loss of it, and not one soon after the other.
/// </summary>
internal sealed partial class BfdDeadlockWatch(
    FrrInstallation installation, FrrFiles files, VtyshRunner vtysh, Func<SupervisorState> state, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);
    private readonly BfdDeadlocks _deadlocks = new(time);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_interval, time);
        while (await timer.WaitForNextTickAsync(ct))
            if (installation.Features.WaitsForBfd && state().State == RoutingState.Running) await LookAsync(ct);
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var neighbors = StatusReader.ParseNeighbors(await vtysh.RunAsync(StatusReader.NeighborCommands, ct));
            if (!_deadlocks.Look(neighbors, LinksThatAreUp())) return;
            LogStartsAnew(string.Join(", ", neighbors.Where(BfdDeadlocks.Waits).Select(n => n.Interface)));
            // The death of one is that of all, after which they start as after any other.
            FrrProcessScan.Take(files).Ours.GetValueOrDefault(FrrDaemon.Bgpd.Name)?.Kill();
        }
        catch (Exception e) when (e is RoutingException or JsonException or NetlinkException or ProcessException)
        {
            LogNotSeen(e.Message);
        }
    }

    private static HashSet<string> LinksThatAreUp()
    {
        using var netlink = new RouteNetlink();
        return [.. netlink.GetLinks().Where(link => NodeId.IsLinkName(link.Name) && link.Flags.HasFlag(LinkFlags.Up) && link.Flags.HasFlag(LinkFlags.Running)).Select(link => link.Name)];
    }

    [LoggerMessage(LogLevel.Warning, "BGP and BFD wait for each other with {Neighbors} (a bug in this release of FRR): restarting FRR")]
    private partial void LogStartsAnew(string neighbors);

    [LoggerMessage(LogLevel.Warning, "whether BGP and BFD wait for each other cannot be determined: {Reason}")]
    private partial void LogNotSeen(string reason);
}
