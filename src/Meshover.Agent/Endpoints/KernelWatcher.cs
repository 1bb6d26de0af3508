using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Meshover.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Endpoints;

/// <summary>
/// Hears what changes in the kernel: lets the reconcilers look at once, and tells the main loop when the machine's addresses on the
/// underlay changed. Bursts are gathered for a moment.
/// </summary>
internal sealed partial class KernelWatcher(
    IRouteNetlink netlink, ImmutableArray<string> underlayInterfaces, ChannelWriter<AgentInput> inputs, Action poke, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryAfterLoss = TimeSpan.FromSeconds(1);

    private static readonly RouteMonitorOptions Heard = new() { IgnoredRouteProtocols = [RouteProtocols.Bgp, RouteProtocols.Zebra] };

    private UnderlayState? _last;
    private ImmutableArray<IPNetwork> _behind = [];

    /// <summary>Prefixes that lie behind this node, so that their addresses are none of the underlay.</summary>
    public void SetBehind(ImmutableArray<IPNetwork> prefixes) => ImmutableInterlocked.InterlockedExchange(ref _behind, prefixes);

    public UnderlayState Find() => UnderlayDiscovery.Find(netlink, underlayInterfaces, _behind);

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

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var monitor = new RouteMonitor(Heard);
        await TellAsync(cancellationToken);
        var pending = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var gathering = GatherAsync(pending.Reader, stop.Token);
        try
        {
            await foreach (var _ in monitor.ReadAllAsync(cancellationToken))
                pending.Writer.TryWrite(true);
        }
        finally
        {
            await stop.CancelAsync();
            await gathering;
        }
    }

    private async Task GatherAsync(ChannelReader<bool> pending, CancellationToken cancellationToken)
    {
        try
        {
            while (await pending.WaitToReadAsync(cancellationToken))
            {
                await Task.Delay(Gather, time, cancellationToken);
                pending.TryRead(out _);
                await TellAsync(cancellationToken);
                poke();
            }
        }
        catch (OperationCanceledException)
        {
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
