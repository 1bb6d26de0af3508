using System.Diagnostics;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Agent.Trust;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.Bench.Kernel;

/// <summary>The part of an agent that programs the kernel, as it is, in a network namespace of its own.</summary>
internal sealed class AgentEnd : IDisposable
{
    private readonly string _path;
    private readonly RouteNetlink _netlink;
    private readonly WireGuardNetlink _wireGuard;
    private readonly KernelReconciler _kernel;
    private readonly DataplaneReconciler _dataplane;

    /// <param name="directory">Of its own; it may write there.</param>
    /// <param name="firewall">
    /// Its plans have one. Then each sysctl is written by a thread of its own in the namespace, which no real agent does: that is not measured.
    /// </param>
    public AgentEnd(string namespaceName, string directory, NodeIdentity identity, bool firewall)
    {
        _path = NetworkNamespace.PathOf(namespaceName);
        _netlink = RouteNetlink.OpenIn(_path);
        _wireGuard = WireGuardNetlink.OpenIn(_path);
        var options = new KernelReconcilerOptions { NamespacePath = firewall ? _path : null, StateDirectory = directory };
        _kernel = NetworkNamespace.RunIn(_path, () => new KernelReconciler(options));
        var engine = new UserspaceDataplane(new DataplaneClient(Path.Combine(directory, "dataplane.sock")), _netlink);
        var sysctls = SysctlMemory.In(directory, new KernelSysctls(options.NamespacePath));
        var selection = new DataplaneSelection(new KernelDataplane(_netlink, _wireGuard, sysctls, TimeProvider.System), engine, "");
        _dataplane = new DataplaneReconciler(selection, _netlink, new IdentityKeeper(new IdentityStore(directory), identity, NullLogger.Instance));
    }

    /// <summary>One pass, as the agent makes it: the WireGuard device with its peers and links, then addresses, routes and settings.</summary>
    /// <exception cref="InvalidOperationException">Something could not be done.</exception>
    public async Task<PassTimes> PassAsync(NodePlan plan)
    {
        var start = Stopwatch.GetTimestamp();
        var devices = await _dataplane.ReconcileAsync(plan.ForSystem, CancellationToken.None);
        var between = Stopwatch.GetTimestamp();
        // Without a firewall it waits for nothing, so all of it is done by this thread.
        var addresses = await NetworkNamespace.RunIn(_path, () => _kernel.ReconcileAsync(plan.ForSystem, CancellationToken.None));
        var changes = devices.Changes.Length + addresses.Changes.Length;
        var times = new PassTimes(Stopwatch.GetElapsedTime(start, between), Stopwatch.GetElapsedTime(between), changes);
        return devices.Errors.IsEmpty && addresses.Errors.IsEmpty
            ? times
            : throw new InvalidOperationException($"the kernel refused: {string.Join("; ", [.. devices.Errors, .. addresses.Errors])}");
    }

    public void Dispose()
    {
        _kernel.Dispose();
        _wireGuard.Dispose();
        _netlink.Dispose();
    }
}

/// <summary>How long the two halves of a pass took, and how many changes were made.</summary>
internal sealed record PassTimes(TimeSpan Devices, TimeSpan Addresses, int Changes);
