using Meshover.Routing.Backends;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>FRR of ours that nobody keeps: <c>meshover routing</c> was killed, or ended by a signal, which leaves FRR running.</summary>
public static class FrrRemnants
{
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Stops what runs of it, bgpd first and zebra (which takes its routes away) and what that needs last. Only where <c>meshover routing</c>
    /// itself does not run: it would start FRR again.
    /// </summary>
    /// <exception cref="RoutingException">An engine did not take a container away; it is remembered.</exception>
    public static async Task StopAsync(RoutingOptions options, TimeProvider time, CancellationToken ct)
    {
        var files = new FrrFiles(options);
        var ours = FrrProcessScan.Take(files).Ours;
        foreach (var daemon in FrrDaemon.AnyRelease.Reverse())
            if (ours.TryGetValue(daemon.Name, out var process)) await process.StopAsync(_grace, time, ct);
        var places = new FrrPlaces(new FrrBackends(options, files, time).Of, files);
        places.Remember((files.LoadApplied() ?? FrrConfig.Empty).Backend); // of a former release, which remembered no more
        try
        {
            await places.ClearAsync(ct);
        }
        finally
        {
            files.Mgmtd.Delete();
        }
    }
}
