using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Meshover.Agent.Reconciling;
using Meshover.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Endpoints;

/// <summary>
/// Hears what changes in the kernel: lets the reconcilers look at once, and tells the main loop when the machine's addresses on the
/// underlay changed. What is ours, and what of the underlay is lost, is looked at without delay; other changes of the underlay, of which a
/// machine with many containers has several a second, are gathered.
/// </summary>
internal sealed partial class KernelWatcher(
    IRouteNetlink netlink, ImmutableArray<string> underlayInterfaces, ChannelWriter<AgentInput> inputs, Action poke, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan RetryAfterLoss = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    // One turn stands for all that were asked for.
    private readonly Channel<bool> _turns = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Whoever holds its one token looks: what is told later was seen later.
    private readonly Channel<bool> _look = Channel.CreateBounded<bool>(1);
    private volatile KernelMonitor? _monitor;
    private int _gathered;
    private UnderlayState? _last;
    private ImmutableHashSet<IPNetwork> _owners = [];
    private UnderlaySurroundings _surroundings = UnderlaySurroundings.None;

    /// <summary>Called when BGP has set or taken routes of the mesh, up to ten times a second. It must be quick.</summary>
    public Action? MeshRoutesChanged { get; init; }

    /// <summary>What is known of the mesh decides what belongs to the underlay: it is looked at anew where that changed.</summary>
    public void SetSurroundings(UnderlaySurroundings surroundings)
    {
        if (Interlocked.Exchange(ref _surroundings, surroundings).SameAs(surroundings))
            return;
        Gather(KernelChanges.Underlay);
    }

    /// <summary>Where gathered packets go: the reconcilers look at once when the way there changes.</summary>
    public void SetOwners(ImmutableHashSet<IPNetwork> owners)
    {
        Volatile.Write(ref _owners, owners);
        _monitor?.Watch(owners);
    }

    /// <summary>Whether the reconcilers look at once. All else may come many times a second, from programs that are not ours.</summary>
    internal static bool IsUrgent(KernelChanges changes) =>
        (changes & (KernelChanges.Own | KernelChanges.UnderlayLost | KernelChanges.Resync)) != KernelChanges.None;

    public UnderlayState Find() => UnderlayDiscovery.Find(netlink, underlayInterfaces, Volatile.Read(ref _surroundings));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var looking = LookAsync(cancellationToken);
        while (!looking.IsCompleted)
        {
            try
            {
                await WatchAsync(cancellationToken);
            }
            catch (NetlinkException e)
            {
                LogLost(logger, e.Message);
            }
            await Task.WhenAny(looking, Task.Delay(RetryAfterLoss, time, cancellationToken));
        }
        await looking;
    }

    /// <summary>What changed between two monitors is not heard, so everything is looked at anew.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var monitor = new KernelMonitor(time);
        _monitor = monitor;
        monitor.Watch(_last?.Links ?? []);
        monitor.Watch(Volatile.Read(ref _owners));
        await TellAsync(cancellationToken);
        poke();
        await foreach (var changes in monitor.WatchAsync(cancellationToken))
        {
            if ((changes & (KernelChanges.UnderlayLost | KernelChanges.Resync)) != KernelChanges.None)
                await TellAsync(cancellationToken);
            else if ((changes & (KernelChanges.Underlay | KernelChanges.Mirror)) != KernelChanges.None)
                Gather(changes);
            if (IsUrgent(changes))
                poke();
            if ((changes & (KernelChanges.MeshRoutes | KernelChanges.Resync)) != KernelChanges.None)
                MeshRoutesChanged?.Invoke();
        }
    }

    private void Gather(KernelChanges changes)
    {
        Interlocked.Or(ref _gathered, (int)changes);
        _turns.Writer.TryWrite(true);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var pace = new Pace(ShortestPause, LongestPause, time);
        while (await _turns.Reader.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(pace.Next(), time, cancellationToken);
            _turns.Reader.TryRead(out _);
            if (((KernelChanges)Interlocked.Exchange(ref _gathered, 0)).HasFlag(KernelChanges.Underlay))
                await TellAsync(cancellationToken);
            poke();
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        await _look.Writer.WriteAsync(true, cancellationToken);
        try
        {
            var found = Find();
            if (found.SameAs(_last))
                return;
            await inputs.WriteAsync(new AgentInput.UnderlayChanged(found), cancellationToken);
            _last = found;
            _monitor?.Watch(found.Links);
        }
        catch (NetlinkException e)
        {
            LogLost(logger, e.Message);
        }
        finally
        {
            _look.Reader.TryRead(out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Watching the kernel failed: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
