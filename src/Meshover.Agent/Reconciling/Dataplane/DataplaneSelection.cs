using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>Which data plane it is, for as long as the agent runs.</summary>
/// <param name="Chosen">It carries the packets.</param>
/// <param name="Other">It lets go of what it has.</param>
/// <param name="Reason">Why it is not the one that is preferred; empty where there is nothing to say.</param>
internal sealed record DataplaneSelection(IDataplane Chosen, IDataplane Other, string Reason)
{
    /// <summary>The kernel, where it can and nobody asked for the other; packets then never leave it.</summary>
    internal static DataplaneSelection Of(DataplaneChoice choice, IRouteNetlink netlink, IDataplane kernel, IDataplane userspace)
    {
        var reason = choice == DataplaneChoice.Auto ? WhyNotKernel(netlink) : "";
        return choice == DataplaneChoice.Kernel || (choice == DataplaneChoice.Auto && reason.Length == 0)
            ? new DataplaneSelection(kernel, userspace, reason)
            : new DataplaneSelection(userspace, kernel, reason);
    }

    /// <summary>Empty: it can. What works stays: a kernel that is short of memory just now would lose every session for the answer.</summary>
    private static string WhyNotKernel(IRouteNetlink netlink) =>
        KernelCapability.WhyNot(netlink) is { } reason && netlink.FindLink(KernelNames.Default.WireGuard) is not { Kind: KernelDataplane.DeviceKind } ? reason : "";
}
