using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.Agent.ControllerLink;

/// <summary>A gRPC channel to a controller, by TLS with the identity's certificate and the pinned authority.</summary>
internal sealed class ControllerChannel : IDisposable
{
    /// <summary>A dead path is noticed after these two together.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For TCP and TLS together (the handler's limit covers both): the dialer needs up to 5 s with the mark and 5 s without for a
    /// single address. What takes connections and says nothing must not hold a call for ever.
    /// </summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A snapshot of 10,000 nodes is some 3 MB.</summary>
    private const int MaxMessage = 64 << 20;

    private readonly X509Certificate2 _certificate;
    private readonly ControllerTrust _trust;
    private readonly GrpcChannel _channel;

    public ControllerChannel(NodeIdentity identity, ImmutableArray<string> pins, ControllerDialer dialer)
    {
        _certificate = identity.OpenCertificate();
        _trust = new ControllerTrust(pins);
        Dialer = dialer;
        _channel = GrpcChannel.ForAddress($"https://{ContractRevision.ServerName}", new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessage,
            MaxSendMessageSize = MaxMessage,
        });
        Client = new MeshService.MeshServiceClient(_channel);
    }

    public ControllerDialer Dialer { get; }
    public MeshService.MeshServiceClient Client { get; }

    /// <summary>Why the controller's certificate was refused; null where it was not.</summary>
    public string? TrustRefusal => _trust.Refusal;

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
    }

    private SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = (_, cancellationToken) => Dialer.ConnectAsync(cancellationToken),
        ConnectTimeout = ConnectTimeout,
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        UseProxy = false,
        SslOptions =
        {
            TargetHost = ContractRevision.ServerName,
            ClientCertificates = [_certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => _trust.Validate(certificate, chain, errors),
        },
    };
}
