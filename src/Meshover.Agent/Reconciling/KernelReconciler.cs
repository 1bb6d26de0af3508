using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Addresses, routes, rules, sysctls and the firewall. A pass observes (<see cref="KernelObserver"/>), computes the difference
/// (<see cref="KernelDiff"/>, pure) and applies it (<see cref="KernelApplier"/>). Everything of ours is known by its name or by protocol
/// 112, so a pass adopts what a former agent left, and <see cref="UndoAsync"/> needs no plan.
/// </summary>
public sealed class KernelReconciler : IReconciler<SystemPlan>, IDisposable
{
    private readonly RouteNetlink _netlink;
    private readonly NftGeneration? _generation;
    private readonly RouteEventQueue _events;
    private readonly RouteBook _routes;
    private readonly KernelSysctls _sysctls;
    private readonly SysctlMemory _memory;
    private readonly Firewall _firewall;
    private readonly KernelObserver _observer;
    private readonly DockerUser _docker;
    private readonly RepeatFuse _fuse;
    private readonly SourceRouteDebt? _sourceRoutes;
    private readonly GatherKeeper _gathering;
    private GatherState _gathered = GatherState.Nothing;

    /// <exception cref="NetlinkException">No netlink socket could be opened.</exception>
    public KernelReconciler(KernelReconcilerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _netlink = options.NamespacePath is { } path ? RouteNetlink.OpenIn(path) : new RouteNetlink();
        _generation = TryOpenGeneration(options.NamespacePath);
        _firewall = new Firewall(new Nft(options.NamespacePath), _generation);
        _sysctls = new KernelSysctls(options.NamespacePath);
        _memory = SysctlMemory.In(options.StateDirectory, _sysctls, options.NamespacePath);
        _fuse = new RepeatFuse(options.Time);
        _sourceRoutes = options.SourceRoutes;
        var heard = new RouteMonitorOptions { Rules = false };
        _events = options.NamespacePath is { } there ? RouteEventQueue.OpenIn(there, heard) : new RouteEventQueue(heard);
        _routes = new RouteBook(_netlink, _events, options.Time);
        _observer = new KernelObserver(_netlink, _sysctls, _firewall, _routes);
        _gathering = new GatherKeeper(
            address => _netlink.FindRoute(new RouteQuery(address)), table => _netlink.GetRoutes(new RouteFilter { Table = table }), options.Time);
        _docker = new DockerUser(options.StateDirectory, options.NamespacePath, _generation);
    }

    public string Name => "kernel";

    /// <summary>Who has the packets of each range, as of the last pass; for any thread.</summary>
    internal GatherState Gathered => Volatile.Read(ref _gathered);

    public async Task<ReconcileReport> ReconcileAsync(SystemPlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var names = KernelDiff.NamesOf(plan);
        var applier = new KernelApplier(_netlink, _sysctls, _memory, _firewall, names, _sourceRoutes);
        var isComplete = false;
        await AttemptAsync(applier, async () =>
        {
            var state = await _observer.ObserveAsync(names, FirewallDocument.Of(plan), cancellationToken, PeersOf(plan)).ConfigureAwait(false);
            state = state with { IsForwarding6Ours = _memory.IsOurs(SysctlDiff.Forwarding6), WorkloadSysctls = WorkloadSysctls.Observe(plan.Kernel.Workloads, _sysctls) };
            state = state with { Gather = _gathering.Look(plan.Kernel.Gathering, state, names) };
            Volatile.Write(ref _gathered, state.Gather);
            isComplete = KernelDiff.MissingLinks(state, plan).IsEmpty;
            var changes = KernelDiff.Compute(state, plan);
            _routes.Settle(changes);
            await applier.ApplyAsync(_fuse.Admit(changes), cancellationToken).ConfigureAwait(false);
            _fuse.Count(applier.Made);
            foreach (var key in WorkloadSysctls.Owed(_memory.Entries, plan.Kernel.Workloads).ToList())
                applier.Done.AddRange(_memory.Restore(applier.Errors, only: key));
            foreach (var finding in _fuse.Complaints.Concat(Limits(state, plan, names)))
                applier.Fail(finding);
        }).ConfigureAwait(false);
        if (_netlink.TakeUnreadable() is { } unreadable)
            applier.Errors.Add($"Something in the kernel is unknown to this release and was left out: {unreadable}");
        _memory.Retry();
        if (_memory.TakeDamage() is { } damage)
            applier.Done.Add(damage);
        if (_memory.Problem is { } unwritten)
            applier.Errors.Add(unwritten);
        await AttemptAsync(applier, async () => applier.Done.AddRange(plan.Kernel.DockerUser
            ? await _docker.EnsureAsync(cancellationToken, keep: true).ConfigureAwait(false)
            : await _docker.ForsakeAsync(cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        return Report(applier, isComplete ? ComponentState.Ok : ComponentState.Starting);
    }

    /// <summary>Removes all of ours from the kernel and puts the sysctls back; nothing else is touched. For <c>down</c>, and with no plan.</summary>
    public async Task<ReconcileReport> UndoAsync(CancellationToken cancellationToken)
    {
        var names = KernelNames.Default;
        var applier = new KernelApplier(_netlink, _sysctls, _memory, _firewall, names);
        await AttemptAsync(applier, () => RemoveTaggedAsync(applier, names, cancellationToken)).ConfigureAwait(false);
        var notes = new List<string>();
        await AttemptAsync(applier, () =>
        {
            var claims = ForwardingClaims.Of(_memory.Entries, _netlink.GetLinks(), _netlink.GetAddresses(), names);
            applier.Done.AddRange(_memory.Restore(applier.Errors, isTheirs: claims.Covers));
            notes.AddRange([.. claims.Notes, .. ((string?[])[_memory.TakeDamage(), _memory.Problem]).OfType<string>()]);
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await AttemptAsync(applier, () => RemoveFirewallAsync(applier, cancellationToken)).ConfigureAwait(false);
        await AttemptAsync(applier, async () => applier.Done.AddRange(await _docker.RemoveAsync(cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        return Report(applier, ComponentState.Off) with { Notes = [.. notes] };
    }

    public void Dispose()
    {
        _generation?.Dispose();
        _events.Dispose();
        _netlink.Dispose();
    }

    private static IEnumerable<Finding> Limits(KernelState state, SystemPlan plan, KernelNames names) =>
        UnderlayLimits.Of(state, names, plan.Kernel.FirewallMark, PeersOf(plan)).Select(text => new Finding(FindingKinds.UnderlayRoute, text, text));

    private static HashSet<IPAddress> PeersOf(SystemPlan plan) =>
        [.. plan.WireGuard.Peers.SelectMany(peer => peer.Endpoints).Select(endpoint => endpoint.EndPoint.Address)];

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
            applier.Fail(error);
        }
    }

    private static ReconcileReport Report(KernelApplier applier, ComponentState state) => new()
    {
        State = applier.Errors.Count == 0 ? state : ComponentState.Degraded,
        Changes = [.. applier.Done],
        Errors = [.. applier.Errors],
        Findings = [.. applier.Findings],
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
