using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink;

/// <summary>
/// Changes in one network namespace, kept by the kernel until they are asked for. What was changed before <see cref="Drain"/> is called is
/// told by it: the kernel queues a notification within the change itself. Not for several threads at once.
/// </summary>
public sealed class RouteEventQueue : IDisposable
{
    private readonly NetlinkSocket _socket;
    private readonly byte[] _buffer = new byte[NetlinkSocket.ReceiveBufferSize];

    /// <exception cref="NetlinkException">The socket could not be opened.</exception>
    public RouteEventQueue(RouteMonitorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _socket = new NetlinkSocket();
        try
        {
            _socket.Subscribe(NetlinkListener.GroupsOf(options), options.ReceiveBufferBytes);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Listens in another network namespace.</summary>
    public static RouteEventQueue OpenIn(string namespacePath, RouteMonitorOptions options) =>
        NetworkNamespace.RunIn(namespacePath, () => new RouteEventQueue(options));

    /// <summary>All that has come, in its order; a <see cref="ResyncEvent"/> where some was lost.</summary>
    /// <exception cref="NetlinkException">The socket failed.</exception>
    public void Drain(Action<RouteEvent> take)
    {
        ArgumentNullException.ThrowIfNull(take);
        while (true)
        {
            try
            {
                if (!_socket.TryReceive(_buffer, out var length))
                    return;
                var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
                while (messages.TryRead(out var message))
                {
                    if (RouteEventParser.TryParse(message, []) is { } change)
                        take(change);
                }
            }
            catch (NetlinkException error) when (error.ErrorNumber is Errno.NoBuffers or Errno.BadMessage)
            {
                take(new ResyncEvent());
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
