using System.Net.Sockets;
using Grpc.Net.Client;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.LabTests.Controller;

/// <summary>An administrator on the admin socket.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public AdminClient(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        _channel = GrpcChannel.ForAddress("http://controller", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
        });
        Api = new AdminService.AdminServiceClient(_channel);
    }

    public AdminService.AdminServiceClient Api { get; }

    public async Task<JoinString> TokenAsync(CreateTokenRequest? request = null) =>
        JoinString.Parse((await Api.CreateTokenAsync(request ?? new CreateTokenRequest())).JoinString);

    public async Task<NodeRecord> NodeAsync(string hostName) =>
        (await Api.ListNodesAsync(new ListNodesRequest())).Nodes.Single(node => node.Hostname == hostName);

    public void Dispose() => _channel.Dispose();
}
