using System.Net;
using System.Net.Sockets;

namespace Meshover.Metrics;

/// <summary>The socket at which a program is scraped.</summary>
public static class ScrapeSocket
{
    // ip(7), ipv6(7): an address may be bound before the machine has it. A node's own comes with its first plan.
    private const int LevelIp = 0;
    private const int FreeBind = 15;
    private const int LevelIpv6 = 41;
    private const int FreeBind6 = 78;

    /// <summary>Binds it, whether the machine has the address or not; [::] takes IPv4, too.</summary>
    /// <exception cref="SocketException">The port is taken, or may not be had.</exception>
    public static Socket Bind(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            var (level, option) = at.AddressFamily == AddressFamily.InterNetworkV6 ? (LevelIpv6, FreeBind6) : (LevelIp, FreeBind);
            socket.SetRawSocketOption(level, option, BitConverter.GetBytes(1));
            if (at.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(at);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
