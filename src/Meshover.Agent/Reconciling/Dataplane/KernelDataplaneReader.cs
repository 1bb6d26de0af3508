using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>The kernel's data plane for those who only look, in the network namespace of the calling thread: no agent is needed.</summary>
public static class KernelDataplaneReader
{
    /// <summary>Whether a WireGuard device of ours is there, which has the port.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static bool IsThere()
    {
        using var netlink = new RouteNetlink();
        return netlink.FindLink(KernelNames.Default.WireGuard) is { Kind: KernelDataplane.DeviceKind };
    }

    /// <summary>Null where there is none.</summary>
    /// <exception cref="DataplaneException">The kernel refused.</exception>
    public static async Task<DataplaneStatus?> TryReadAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var netlink = new RouteNetlink();
        using var wireGuard = new WireGuardNetlink();
        var status = await new KernelDataplane(netlink, wireGuard, new KernelSysctls(), time).GetStatusAsync(cancellationToken);
        return status.Interface is null ? null : status;
    }
}
