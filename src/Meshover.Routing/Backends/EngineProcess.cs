using System.Net.Sockets;
using System.Runtime.InteropServices;
using Meshover.Linux.Namespaces;

namespace Meshover.Routing.Backends;

/// <summary>The process that listens on a socket of this machine.</summary>
internal static class EngineProcess
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17; // struct ucred: process, user, group (unix(7))

    public static bool Listens(string socket) => NetworkOf(socket) is not null;

    /// <summary>Its network namespace; where systemd listens for it, systemd's, which starts it in its own. Null where nobody listens.</summary>
    public static ulong? NetworkOf(string socket)
    {
        try
        {
            using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            connection.Connect(new UnixDomainSocketEndPoint(socket));
            var credentials = new int[3];
            connection.GetRawSocketOption(SocketLevel, PeerCredentials, MemoryMarshal.AsBytes(credentials.AsSpan()));
            return NetworkNamespace.InodeOfProcess(credentials[0]);
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
