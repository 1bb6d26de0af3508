using System.Collections.Immutable;
using System.Threading.Channels;
using Meshover.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// Wakes the sources that are parts of the kernel's state. One netlink socket hears for all of them; what comes in a burst is gathered until it was
/// quiet for <see cref="Quiet"/>, at most for <see cref="Longest"/>, and then looked at once. Cost: a microsecond or two for a message that concerns
/// none of them, a dump of the table (or of the addresses) for a burst that does.
/// </summary>
internal sealed partial class KernelSources(ImmutableArray<KernelSource> sources, IRouteNetlink netlink, ILogger logger, TimeProvider time)
{
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryFirstLook = TimeSpan.FromMilliseconds(200);
    private const int FirstLooks = 25;

    public ImmutableArray<KernelSource> Sources => sources;

    private bool HearNeighbours => sources.Any(source => source.HearsNeighbours);

    /// <summary>Looks at those that have a reason to.</summary>
    /// <returns>False: one could not be read.</returns>
    public bool Refresh() => sources.Select(source => source.Refresh(netlink)).ToArray().All(isRead => isRead);

    /// <summary>The first look, before anything is told to others: where the kernel does not tell, it is asked again for a while, as what is not found is withdrawn.</summary>
    public async Task LookFirstAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; !Refresh() && attempt < FirstLooks; attempt++)
            await Task.Delay(RetryFirstLook, time, cancellationToken);
    }

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
            await Task.Delay(RetryAfterFailure, time, cancellationToken);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        // One wake stands for all that was heard.
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var monitor = new RouteMonitor(new RouteMonitorOptions { Rules = false, Neighbours = HearNeighbours, Filter = Hear });
        // What changed before the socket was there was not heard.
        Hear(new ResyncEvent());
        wake.Writer.TryWrite(true);
        var listening = ListenAsync(monitor, wake.Writer, cancellationToken);
        await using var ticks = HearNeighbours ? time.CreateTimer(_ => wake.Writer.TryWrite(true), state: null, TickEvery, TickEvery) : null;
        await foreach (var _ in wake.Reader.ReadAllAsync(cancellationToken))
        {
            await SettleAsync(wake.Reader, cancellationToken);
            foreach (var source in sources.Where(source => source.IsDue))
                source.Hear(new ResyncEvent());
            if (Refresh())
                continue;
            await Task.Delay(RetryAfterFailure, time, cancellationToken);
            wake.Writer.TryWrite(true);
        }
        await listening;
    }

    private async Task ListenAsync(RouteMonitor monitor, ChannelWriter<bool> wake, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in monitor.ReadAllAsync(cancellationToken))
            {
                // Made by the monitor itself, so it has not come by the filter.
                if (change is ResyncEvent)
                    Hear(change);
                wake.TryWrite(true);
            }
        }
        finally
        {
            wake.TryComplete();
        }
    }

    private async Task SettleAsync(ChannelReader<bool> wake, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        do
        {
            await Task.Delay(Quiet, time, cancellationToken);
        }
        while (wake.TryRead(out _) && time.GetElapsedTime(begun) < Longest);
    }

    // On the monitor's thread. Each is asked: a change may concern several.
    private bool Hear(RouteEvent change)
    {
        var isHeard = false;
        foreach (var source in sources)
            isHeard |= source.Hear(change);
        return isHeard;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Watching what workloads announce failed: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
