using System.Net.Sockets;
using Grpc.Net.Client;

namespace Meshover.Kube.Telling;

/// <summary>gRPC to the agent of this machine, on its unix socket.</summary>
internal static class AgentChannel
{
    /// <param name="socketPath">Connected to with the first call, which fails where nobody serves it.</param>
    public static GrpcChannel Open(string socketPath) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, cancellationToken) => ConnectAsync(socketPath, cancellationToken) },
        DisposeHttpClient = true,
    });

    private static async ValueTask<Stream> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
