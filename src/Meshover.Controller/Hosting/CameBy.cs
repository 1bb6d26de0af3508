using System.Buffers.Binary;
using System.Net.Sockets;
using Meshover.Controller.Changes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Meshover.Controller.Hosting;

/// <summary>The mark of a connection: by which door it came.</summary>
internal sealed record CameBy(Door Door)
{
    // socket(7): SO_PEERCRED gives struct ucred { pid, uid, gid } of whoever connected.
    private const int LevelSocket = 1;
    private const int PeerCredentials = 17;
    private const int CredentialsLength = 12;

    /// <summary>Marks each connection; one of the admin socket also with who is at its other end.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> Mark(Door door) => next => context =>
    {
        context.Features.Set(new CameBy(door));
        if (door == Door.AdminSocket)
            context.Features.Set(PeerOf(context.Features.Get<IConnectionSocketFeature>()?.Socket));
        return next(context);
    };

    /// <summary>The process at the other end of a unix socket, as it was when it connected.</summary>
    internal static Actor PeerOf(Socket? socket)
    {
        Span<byte> credentials = stackalloc byte[CredentialsLength];
        try
        {
            return socket?.GetRawSocketOption(LevelSocket, PeerCredentials, credentials) == CredentialsLength
                ? Actor.Process(BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]), BinaryPrimitives.ReadInt32LittleEndian(credentials))
                : Actor.Unknown;
        }
        catch (SocketException)
        {
            return Actor.Unknown;
        }
    }
}
