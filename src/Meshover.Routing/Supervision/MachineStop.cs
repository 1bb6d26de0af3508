using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Whether we are being ended because the whole machine is: it is switched off, or started anew.</summary>
public static class MachineStop
{
    private const string Systemctl = "systemctl";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>As systemd says (systemctl(1), is-system-running). Where it does not run, <c>meshover run</c> ends FRR in good order itself.</summary>
    public static async Task<bool> IsUnderWayAsync(TimeProvider time)
    {
        if (!Directory.Exists("/run/systemd/system")) return false; // sd_booted(3)
        try
        {
            return (await ToolRunner.RunAsync(Systemctl, ["is-system-running"], _patience, time, CancellationToken.None)).Output.Trim() == "stopping";
        }
        catch (RoutingException)
        {
            return false; // systemd does not answer: nothing says that it stops
        }
    }
}
