using System.Collections.Immutable;
using System.Threading.Channels;
using Meshover.Agent.Reconciling;
using Meshover.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Endpoints;

/// <summary>
/// Hears what changes in the kernel: lets the reconcilers look at once, and tells the main loop when the machine's addresses on the
/// underlay changed.
/// </summary>
internal sealed partial class KernelWatcher(
    IRouteNetlink netlink, ImmutableArray<string> underlayInterfaces, ChannelWriter<AgentInput> inputs, Action poke, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan RetryAfterLoss = TimeSpan.FromSeconds(1);

    private UnderlayState? _last;
    private UnderlaySurroundings _surroundings = UnderlaySurroundings.None;

    /// <summary>Counts from the next look on.</summary>
    public void SetSurroundings(UnderlaySurroundings surroundings) => Volatile.Write(ref _surroundings, surroundings);

    public UnderlayState Find() => UnderlayDiscovery.Find(netlink, underlayInterfaces, Volatile.Read(ref _surroundings));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await WatchAsync(cancellationToken);
            }
            catch (NetlinkException e)
            {
                LogLost(logger, e.Message);
            }
            await Task.Delay(RetryAfterLoss, time, cancellationToken);
        }
    }

    /// <summary>What changed between two monitors is not heard, so everything is looked at anew.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var monitor = new KernelMonitor(time);
        await TellAsync(cancellationToken);
        poke();
        await foreach (var changes in monitor.WatchAsync(cancellationToken))
        {
            if ((changes & (KernelChanges.Underlay | KernelChanges.Resync)) != KernelChanges.None)
                await TellAsync(cancellationToken);
            poke();
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = Find();
            if (found.SameAs(_last))
                return;
            _last = found;
            await inputs.WriteAsync(new AgentInput.UnderlayChanged(found), cancellationToken);
        }
        catch (NetlinkException e)
        {
            LogLost(logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Watching the kernel failed: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
