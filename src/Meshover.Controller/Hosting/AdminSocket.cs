using System.Net.Sockets;
using Meshover.Controller.Configuration;
using Meshover.Controller.Initialisation;

namespace Meshover.Controller.Hosting;

/// <summary>The file of the admin socket: in a directory for root alone, itself 0600.</summary>
internal static class AdminSocket
{
    /// <summary>Makes the directory, and removes what a controller that was killed left.</summary>
    /// <exception cref="ConfigException">No permission.</exception>
    /// <exception cref="StartException">Another controller serves it.</exception>
    public static void Prepare(string path)
    {
        try
        {
            PrivateDirectory.Create(Path.GetDirectoryName(path)!);
            if (IsServed(path))
                throw new StartException($"Another controller serves {path}: stop that one, or choose another directory with --run.");
            File.Delete(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ConfigException($"Cannot make {path}: {e.Message} Run it as root, or choose another directory with --run.");
        }
    }

    public static void Protect(string path) => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <exception cref="SocketException">Nobody listens there, or this process may not connect.</exception>
    public static async Task<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A controller listens there.</summary>
    public static bool IsServed(string path)
    {
        if (!File.Exists(path))
            return false;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
