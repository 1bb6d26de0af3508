using Meshover.Linux.Netlink;

namespace Meshover.WireGuard.Io;

/// <summary>
/// Has a peer be answered from the address, and by the link, that its packets came to, wherever a route leads back that way: with several
/// uplinks the routes alone may choose another, from whose address a firewall on the peer's side expects nothing. The kernel's WireGuard
/// has its sticky source for it (drivers/net/wireguard/socket.c). Control thread.
/// </summary>
internal sealed class ReplyPaths : IDisposable
{
    private readonly RouteNetlink _netlink = new();

    /// <summary>Firewall mark of what we send.</summary>
    public uint Mark { get; set; }

    /// <summary>Asks the kernel (some microseconds), and pins the endpoint or not.</summary>
    public void Check(UdpAddress endpoint) => endpoint.IsPinned = endpoint.Link != 0 && _netlink.HasRoute(Query(endpoint));

    public void Dispose() => _netlink.Dispose();

    private RouteQuery Query(UdpAddress endpoint) => new(endpoint.ToEndPoint().Address)
    {
        Source = endpoint.Local,
        OutputLink = endpoint.Link,
        Mark = Mark,
    };
}
