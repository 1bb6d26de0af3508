using System.Collections.Concurrent;
using System.Net.Sockets;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Meshes;

/// <summary>
/// A prefix for the names of a lab that no other lab of this machine has, also when several runs of the tests go on side by side, or when one that was
/// killed has left its labs behind.
/// </summary>
public static class LabPrefix
{
    // An address of the abstract kind is taken by one socket alone, and free when its process ends, in whatever way (unix(7)).
    private static readonly ConcurrentBag<Socket> Taken = [];
    private static int _count;

    public static string Next()
    {
        while (true)
        {
            var prefix = $"m{Interlocked.Increment(ref _count)}";
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            if (TryTake(socket, prefix))
                return prefix;
            socket.Dispose();
        }
    }

    private static bool TryTake(Socket socket, string prefix)
    {
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0meshover-lab-{prefix}"));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
        if (Directory.Exists(new LabPaths(prefix).State))
            return false;
        Taken.Add(socket);
        return true;
    }
}
