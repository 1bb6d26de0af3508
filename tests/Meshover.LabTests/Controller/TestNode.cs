using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;
using Meshover.WireGuard.Keys;

namespace Meshover.LabTests.Controller;

/// <summary>A node as the controller sees one: an identity key, a WireGuard key and a hostname, over TLS pinned to the CA.</summary>
internal sealed class TestNode : IDisposable
{
    private readonly X509Certificate2 _certificate = NewCertificate(ECCurve.NamedCurves.nistP256);
    private GrpcChannel? _channel;

    public TestNode(JoinString join, string hostName)
    {
        Join = join;
        HostName = hostName;
        Certificate = _certificate;
    }

    public JoinString Join { get; set; }
    public string HostName { get; set; }
    /// <summary>Null: none is shown.</summary>
    public X509Certificate2? Certificate { get; set; }

    public ByteString WireGuardKey { get; set; } = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32));
    public Hello Hello { get; set; } = new() { Version = "0.1.0", Contract = ContractRevision.Current, ContractOldest = ContractRevision.Oldest };
    public EnrollResponse? Enrolled { get; private set; }
    public Credential? Credential { get; set; }

    public GrpcChannel Channel => _channel ??= Connect();

    public MeshService.MeshServiceClient Client => new(Channel);

    public async Task<NodeInfo> EnrolAsync(CancellationToken cancel = default)
    {
        Enrolled = await Client.EnrollAsync(new EnrollRequest
        {
            Hello = Hello,
            Token = Join.Token,
            Hostname = HostName,
            WireguardKey = WireGuardKey,
            ListenPort = 12912,
            Endpoints = { new Endpoint { Address = "192.0.2.1", Port = 12912, Kind = Endpoint.Types.Kind.Interface } },
        }, cancellationToken: cancel);
        Credential = Enrolled.Credential;
        return Enrolled.Node;
    }

    public async Task RenewAsync() =>
        Credential = await Client.RenewCredentialAsync(new RenewCredentialRequest { ExpiredJwt = Credential?.Jwt ?? "" });

    public TestStream Follow(string storeId = "", long revision = 0, string? instance = null, NodeStatus? status = null) =>
        new(Client.Follow(), new NodeHello
        {
            Hello = Hello,
            Credential = Credential!.Jwt,
            StoreId = storeId,
            Revision = revision,
            InstanceId = instance ?? Guid.NewGuid().ToString("N"),
            Status = status ?? new NodeStatus(),
        });

    /// <summary>Closes the connection; the next call opens another.</summary>
    public void Disconnect()
    {
        _channel?.Dispose();
        _channel = null;
    }

    public void Dispose()
    {
        Disconnect();
        _certificate.Dispose();
    }

    private GrpcChannel Connect()
    {
        var handler = new SocketsHttpHandler
        {
            // The server name must be that of the nodes, whatever the address.
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(IPEndPoint.Parse(Join.Controllers[0]), cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = Certificate is null ? [] : [Certificate],
                LocalCertificateSelectionCallback = (_, _, _, _, _) => Certificate!,
                RemoteCertificateValidationCallback = IsPinned,
            },
        };
        return GrpcChannel.ForAddress($"https://{ContractRevision.ServerName}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
        });
    }

    // The CA's certificate is inside the controller's.
    private bool IsPinned(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is X509Certificate2 shown && shown.Extensions[CaPin.AuthorityExtension] is { } extension
        && X509CertificateLoader.LoadCertificate(extension.RawData) is var authority
        && Join.CaPins.Contains(CaPin.Of(authority.PublicKey.ExportSubjectPublicKeyInfo()));

    public static X509Certificate2 NewCertificate(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        var now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}

/// <summary>The mesh stream of a node.</summary>
internal sealed class TestStream : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly AsyncDuplexStreamingCall<NodeMessage, ControllerMessage> _call;
    private readonly Task _hello;

    public TestStream(AsyncDuplexStreamingCall<NodeMessage, ControllerMessage> call, NodeHello hello)
    {
        _call = call;
        _hello = call.RequestStream.WriteAsync(new NodeMessage { Hello = hello });
    }

    public async Task SendAsync(NodeStatus status)
    {
        await _hello;
        await _call.RequestStream.WriteAsync(new NodeMessage { Status = status });
    }

    public async Task<ControllerMessage> NextAsync()
    {
        await _hello;
        Assert.True(await _call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience), "The stream ended.");
        return _call.ResponseStream.Current;
    }

    /// <summary>The next message that answers the question; others are passed over.</summary>
    public async Task<T> NextAsync<T>(Func<ControllerMessage, T?> select) where T : class
    {
        while (true)
        {
            if (select(await NextAsync()) is { } found)
                return found;
        }
    }

    /// <summary>Reads on until the stream fails.</summary>
    public async Task<RpcException> FailureAsync() => await Assert.ThrowsAsync<RpcException>(async () =>
    {
        while (true)
            await NextAsync();
    });

    /// <summary>HTTP's, of the answer.</summary>
    public Task<Metadata> HeadersAsync() => _call.ResponseHeadersAsync;

    public void Dispose() => _call.Dispose();
}
