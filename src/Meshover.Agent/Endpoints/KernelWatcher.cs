using System.Collections.Immutable;
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

    // One look stands for all that were asked for.
    private readonly Channel<bool> _toLook = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Whoever holds its one token looks: what is told later was seen later.
    private readonly Channel<bool> _turn = Channel.CreateBounded<bool>(1);
    private volatile KernelMonitor? _monitor;
    private UnderlayState? _last;
    private UnderlaySurroundings _surroundings = UnderlaySurroundings.None;

    /// <summary>What is known of the mesh decides what belongs to the underlay: it is looked at anew where that changed.</summary>
    public void SetSurroundings(UnderlaySurroundings surroundings)
    {
        if (Interlocked.Exchange(ref _surroundings, surroundings).SameAs(surroundings))
            return;
        _toLook.Writer.TryWrite(true);
    }

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
        await TellAsync(cancellationToken);
        poke();
        await foreach (var changes in monitor.WatchAsync(cancellationToken))
        {
            if ((changes & (KernelChanges.UnderlayLost | KernelChanges.Resync)) != KernelChanges.None)
                await TellAsync(cancellationToken);
            else if (changes.HasFlag(KernelChanges.Underlay))
                _toLook.Writer.TryWrite(true);
            if (changes != KernelChanges.Underlay)
                poke();
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var pace = new Pace(ShortestPause, LongestPause, time);
        while (await _toLook.Reader.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(pace.Next(), time, cancellationToken);
            _toLook.Reader.TryRead(out _);
            await TellAsync(cancellationToken);
            poke();
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        await _turn.Writer.WriteAsync(true, cancellationToken);
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
            _turn.Reader.TryRead(out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Watching the kernel failed: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
