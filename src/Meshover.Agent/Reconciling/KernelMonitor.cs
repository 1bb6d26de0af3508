using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling;

/// <summary>What changed in the kernel, as far as the agent's loop must act on it.</summary>
[Flags]
public enum KernelChanges
{
    None = 0,

    /// <summary>Something of ours: reconcile.</summary>
    Own = 1,

    /// <summary>An address, a link or a telling route of the underlay: reconcile (the mirror), and look at our endpoints anew.</summary>
    Underlay = 2,

    /// <summary>Notifications were lost: look at everything anew.</summary>
    Resync = 4,

    /// <summary>An address on the underlay, or its link, went away: what was sent from there is to be sent from elsewhere, at once.</summary>
    UnderlayLost = 8,

    /// <summary>A route of the underlay that says nothing of our endpoints: reconcile (the mirror).</summary>
    Mirror = 16,

    /// <summary>BGP set or took a route of the mesh, as it does when a session comes or goes: look at the sessions. The kernel is as it should be.</summary>
    MeshRoutes = 32,
}

/// <summary>
/// Wakes the agent's loop when somebody changed the kernel, so that a repair starts within <see cref="Coalescing"/>.
/// <para>
/// Cost: a notification of the mesh's BGP (thousands, when a mesh of thousands of nodes converges) is known by the link that it goes by, a
/// microsecond or two, and the first in 100 ms alone goes further; a link's that says nothing new is compared and dropped; all others within 100 ms become one wake, so one
/// observation. What we add ourselves is not heard; what we remove wakes the loop once for nothing.
/// </para>
/// </summary>
public sealed class KernelMonitor : IDisposable
{
    /// <summary>How long changes are gathered before the loop is woken.</summary>
    public static readonly TimeSpan Coalescing = TimeSpan.FromMilliseconds(100);

    private readonly RouteMonitor _monitor;
    private readonly TimeProvider _time;
    private readonly KernelEventFilter _filter = new(KernelNames.Default);
    private readonly Gathered _gathered = new();

    /// <exception cref="NetlinkException">The socket could not be opened.</exception>
    public KernelMonitor(TimeProvider time, string? namespacePath = null)
    {
        using (var netlink = namespacePath is null ? new RouteNetlink() : RouteNetlink.OpenIn(namespacePath))
            _filter.Learn(netlink.GetLinks(), netlink.GetRules());
        var options = new RouteMonitorOptions { Filter = Gather };
        _monitor = namespacePath is null ? new RouteMonitor(options) : RouteMonitor.OpenIn(namespacePath, options);
        _time = time;
    }

    /// <summary>One item per 100 ms with changes; one reader only. Changes since the constructor are heard.</summary>
    public async IAsyncEnumerable<KernelChanges> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Latest wins is right here: flags are gathered, and one wake stands for all of them.
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var reading = WakeAsync(wake.Writer, cancellationToken);
        await foreach (var _ in wake.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(Coalescing, _time, cancellationToken).ConfigureAwait(false);
            if (_gathered.Take() is var changes and not KernelChanges.None)
                yield return changes;
        }

        await reading.ConfigureAwait(false);
    }

    /// <summary>Of these links it is told when they, or an address of theirs, go away.</summary>
    public void Watch(ImmutableHashSet<int> links) => _filter.Watched = links;

    /// <summary>Routes of the mesh to these are heard as well.</summary>
    public void Watch(ImmutableHashSet<IPNetwork> owners) => _filter.Owners = owners;

    public void Dispose() => _monitor.Dispose();

    // On the monitor's thread: what does not concern us takes no place there.
    private bool Gather(RouteEvent change)
    {
        var kind = _filter.Classify(change);
        var isNews = _gathered.Add(kind);
        return kind == KernelChanges.MeshRoutes ? isNews : kind != KernelChanges.None;
    }

    private async Task WakeAsync(ChannelWriter<bool> wake, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in _monitor.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                // Made by the monitor itself, so it has not come by the filter.
                if (change is ResyncEvent)
                    _gathered.Add(_filter.Classify(change));
                wake.TryWrite(true);
            }
        }
        finally
        {
            wake.TryComplete();
        }
    }

    private sealed class Gathered
    {
        private int _changes;

        /// <returns>Something of it was not gathered yet.</returns>
        internal bool Add(KernelChanges changes) => (Interlocked.Or(ref _changes, (int)changes) & (int)changes) != (int)changes;

        internal KernelChanges Take() => (KernelChanges)Interlocked.Exchange(ref _changes, 0);
    }
}
