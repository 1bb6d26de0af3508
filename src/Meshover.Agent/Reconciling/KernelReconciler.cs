using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Addresses, routes, rules, sysctls and the firewall. A pass observes (<see cref="KernelObserver"/>), computes the difference
/// (<see cref="KernelDiff"/>, pure) and applies it (<see cref="KernelApplier"/>). Everything of ours is known by its name or by protocol
/// 112, so a pass adopts what a former agent left, and <see cref="UndoAsync"/> needs no plan.
/// </summary>
public sealed class KernelReconciler : IReconciler, IDisposable
{
    private readonly RouteNetlink _netlink;
    private readonly NftGeneration? _generation;
    private readonly KernelSysctls _sysctls;
    private readonly SysctlMemory _memory;
    private readonly Firewall _firewall;
    private readonly KernelObserver _observer;
    private readonly DockerUser _docker;

    /// <exception cref="NetlinkException">No netlink socket could be opened.</exception>
    public KernelReconciler(KernelReconcilerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _netlink = options.NamespacePath is { } path ? RouteNetlink.OpenIn(path) : new RouteNetlink();
        _generation = TryOpenGeneration(options.NamespacePath);
        _firewall = new Firewall(new Nft(options.NamespacePath), _generation);
        _sysctls = new KernelSysctls(options.NamespacePath);
        _memory = SysctlMemory.In(options.StateDirectory, _sysctls);
        _observer = new KernelObserver(_netlink, _sysctls, _firewall);
        _docker = new DockerUser(options.StateDirectory, options.NamespacePath, _generation);
    }

    public string Name => "kernel";

    public async Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var names = KernelDiff.NamesOf(plan);
        var applier = new KernelApplier(_netlink, _sysctls, _memory, _firewall, names);
        var isComplete = false;
        await AttemptAsync(applier, async () =>
        {
            var state = await _observer.ObserveAsync(names, FirewallDocument.Of(plan), cancellationToken).ConfigureAwait(false);
            isComplete = KernelDiff.MissingLinks(state, plan).IsEmpty;
            await applier.ApplyAsync(KernelDiff.Compute(state, plan), cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
        if (plan.Kernel.DockerUser)
            await AttemptAsync(applier, async () => applier.Done.AddRange(await _docker.EnsureAsync(cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        return Report(applier, isComplete ? ComponentState.Ok : ComponentState.Starting);
    }

    /// <summary>Removes all of ours from the kernel and puts the sysctls back; nothing else is touched. For <c>down</c>, and with no plan.</summary>
    public async Task<ReconcileReport> UndoAsync(CancellationToken cancellationToken)
    {
        var names = KernelNames.Default;
        var applier = new KernelApplier(_netlink, _sysctls, _memory, _firewall, names);
        await AttemptAsync(applier, () => RemoveTaggedAsync(applier, names, cancellationToken)).ConfigureAwait(false);
        await AttemptAsync(applier, () =>
        {
            applier.Done.AddRange(_memory.Restore(applier.Errors));
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await AttemptAsync(applier, () => RemoveFirewallAsync(applier, cancellationToken)).ConfigureAwait(false);
        await AttemptAsync(applier, async () => applier.Done.AddRange(await _docker.RemoveAsync(cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        return Report(applier, ComponentState.Off);
    }

    public void Dispose()
    {
        _generation?.Dispose();
        _netlink.Dispose();
    }

    private async Task RemoveTaggedAsync(KernelApplier applier, KernelNames names, CancellationToken cancellationToken)
    {
        var state = await _observer.ObserveAsync(names, wanted: null, cancellationToken).ConfigureAwait(false);
        var routes = _netlink.GetRoutes(new RouteFilter { Protocol = names.Protocol });
        await applier.ApplyAsync(KernelUndo.Compute(state, routes, names), cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveFirewallAsync(KernelApplier applier, CancellationToken cancellationToken)
    {
        try
        {
            if (await _firewall.RemoveAsync(cancellationToken).ConfigureAwait(false))
                applier.Done.Add(new RemoveFirewall().ToString());
        }
        catch (NftException error) when (error.IsNotInstalled)
        {
            // Then no table of ours was ever set.
        }
    }

    // What one step cannot do must not keep the others from being done.
    private static async Task AttemptAsync(KernelApplier applier, Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception error) when (error is NetlinkException or SysctlException or NftException or IptablesException or IOException or UnauthorizedAccessException)
        {
            applier.Errors.Add(error.Message);
        }
    }

    private static ReconcileReport Report(KernelApplier applier, ComponentState state) => new()
    {
        State = applier.Errors.Count == 0 ? state : ComponentState.Degraded,
        Changes = [.. applier.Done],
        Errors = [.. applier.Errors],
        NodeAddressRestored = applier.NodeAddressRestored,
    };

    // A kernel without netfilter: then there is nothing to count.
    private static NftGeneration? TryOpenGeneration(string? namespacePath)
    {
        try
        {
            return new NftGeneration(namespacePath);
        }
        catch (NetlinkException)
        {
            return null;
        }
    }
}
