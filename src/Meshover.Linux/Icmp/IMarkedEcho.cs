using System.Net;
using System.Net.Sockets;

namespace Meshover.Linux.Icmp;

/// <summary>Asks hosts of one family for an ICMP echo.</summary>
public interface IMarkedEcho : IDisposable
{
    /// <exception cref="SocketException">It could not be sent: no route, for one.</exception>
    void Ask(IPAddress target);

    /// <summary>Who answered next.</summary>
    /// <exception cref="SocketException">The socket failed.</exception>
    Task<IPAddress> ReceiveAsync(CancellationToken cancellationToken);
}
