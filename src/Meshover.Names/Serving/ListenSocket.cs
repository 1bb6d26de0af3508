using System.Net;
using System.Net.Sockets;

namespace Meshover.Names.Serving;

internal static class ListenSocket
{
    // ip(7), IP_FREEBIND; linux/in6.h, IPV6_FREEBIND: an address that the machine has not yet, as the agent sets the node's later.
    private const int LevelIp = 0, FreeBind4 = 15, LevelIp6 = 41, FreeBind6 = 78;

    /// <exception cref="SocketException">The port is taken, or the family is off.</exception>
    public static Socket Bind(IPEndPoint endpoint, SocketType type)
    {
        var socket = new Socket(endpoint.AddressFamily, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        try
        {
            if (endpoint.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            Span<byte> on = BitConverter.GetBytes(1);
            if (endpoint.AddressFamily == AddressFamily.InterNetwork)
                socket.SetRawSocketOption(LevelIp, FreeBind4, on);
            else
                socket.SetRawSocketOption(LevelIp6, FreeBind6, on);
            socket.Bind(endpoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
