using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink;

/// <summary>
/// Changes in one network namespace, as they happen. One thread reads the socket into a bounded channel:
/// <list type="number">
/// <item>the kernel queues notifications on the socket; where its buffer is full it drops them and says ENOBUFS once;</item>
/// <item>the thread parses them and puts them into the channel; where that is full they are dropped, too;</item>
/// <item>after either loss a <see cref="ResyncEvent"/> stands in the channel behind what was kept, so a reader never misses a change
/// without being told.</item>
/// </list>
/// Dump after opening, not before: what changes between the two is then heard.
/// </summary>
public sealed class RouteMonitor : IDisposable
{
    private readonly INetlinkTransport _transport;
    private readonly RouteMonitorOptions _options;
    private readonly Channel<RouteEvent> _events;
    private readonly CancellationTokenSource _stopping = new();
    private bool _mustResync;

    /// <summary>Listens in the network namespace of the calling thread.</summary>
    /// <exception cref="NetlinkException">The socket could not be opened.</exception>
    public RouteMonitor(RouteMonitorOptions? options = null)
        : this(NetlinkListener.Open(options ?? new RouteMonitorOptions()), options ?? new RouteMonitorOptions()) { }

    /// <summary>Listens on a transport, and owns it. Disposing the transport must end a blocked receive with an exception.</summary>
    public RouteMonitor(INetlinkTransport transport, RouteMonitorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _transport = transport;
        _options = options;
        // One place more than writers may fill, so that a resync always fits.
        _events = Channel.CreateBounded<RouteEvent>(new BoundedChannelOptions(options.Capacity + 1)
        {
            FullMode = BoundedChannelFullMode.Wait,
            SingleReader = true,
            SingleWriter = true,
        });
        new Thread(Read) { IsBackground = true, Name = "rtnetlink" }.Start();
    }

    /// <summary>Listens in another network namespace.</summary>
    public static RouteMonitor OpenIn(string namespacePath, RouteMonitorOptions? options = null) =>
        NetworkNamespace.RunIn(namespacePath, () => new RouteMonitor(options));

    /// <summary>The changes; one reader only. Ends by cancellation, and with <see cref="Dispose"/>.</summary>
    public async IAsyncEnumerable<RouteEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var change in _events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            yield return change;
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _transport.Dispose();
    }

    private void Read()
    {
        var buffer = new byte[NetlinkSocket.ReceiveBufferSize];
        Exception? failure = null;
        while (!_stopping.IsCancellationRequested && failure is null)
        {
            try
            {
                Handle(buffer.AsSpan(0, _transport.Receive(buffer)));
            }
            catch (NetlinkException error) when (error.ErrorNumber is Errno.NoBuffers or Errno.BadMessage)
            {
                _mustResync = true;
            }
            catch (Exception error) when (error is NetlinkException or ObjectDisposedException or OperationCanceledException)
            {
                failure = error;
            }

            OfferResync();
        }

        _events.Writer.TryComplete(_stopping.IsCancellationRequested ? null : failure);
    }

    private void Handle(ReadOnlySpan<byte> datagram)
    {
        var messages = new NetlinkMessageReader(datagram);
        while (messages.TryRead(out var message))
        {
            if (RouteEventParser.TryParse(message, _options.IgnoredRouteProtocols) is { } change && (_options.Filter?.Invoke(change) ?? true) && (_mustResync || _events.Reader.Count >= _options.Capacity || !_events.Writer.TryWrite(change)))
                _mustResync = true;
        }
    }

    private void OfferResync()
    {
        if (_mustResync && _events.Writer.TryWrite(new ResyncEvent()))
            _mustResync = false;
    }
}
