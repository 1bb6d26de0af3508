using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core.Interceptors;
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

    /// <summary>For all that the dialer does: it needs up to 5 s with the mark, 5 s without and 8 s for TLS where there is one address.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A snapshot of 10,000 nodes is some 3 MB.</summary>
    private const int MaxMessage = 64 << 20;

    private readonly X509Certificate2 _certificate;
    private readonly ImmutableArray<string> _pins;
    private readonly GrpcChannel _channel;

    public ControllerChannel(NodeIdentity identity, ImmutableArray<string> pins, ControllerDialer dialer)
    {
        _certificate = identity.OpenCertificate();
        _pins = pins;
        Dialer = dialer;
        _channel = GrpcChannel.ForAddress($"https://{ContractRevision.ServerName}", new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessage,
            MaxSendMessageSize = MaxMessage,
        });
        Client = new MeshService.MeshServiceClient(_channel.Intercept(new CallTraces()));
    }

    public ControllerDialer Dialer { get; }
    public MeshService.MeshServiceClient Client { get; }

    /// <summary>Why the other ends are not trusted; null where one is, or some do not answer.</summary>
    public string? TrustRefusal { get; private set; }

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
    }

    private SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = (_, cancellationToken) => ConnectAsync(cancellationToken),
        ConnectTimeout = ConnectTimeout,
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        UseProxy = false,
    };

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        TrustRefusal = null;
        try
        {
            return await Dialer.ConnectAsync(SecureAsync, cancellationToken);
        }
        catch (AuthenticationException e)
        {
            TrustRefusal = e.Message;
            throw;
        }
    }

    /// <summary>The handler takes an <see cref="SslStream"/> as it is, so that the dialer can go on to the next address where TLS fails.</summary>
    private async Task<Stream> SecureAsync(Stream connection, CancellationToken cancellationToken)
    {
        var trust = new ControllerTrust(_pins);
        var secured = new SslStream(connection);
        try
        {
            await secured.AuthenticateAsClientAsync(Options(trust), cancellationToken);
            return secured;
        }
        catch (AuthenticationException e)
        {
            throw trust.Refusal is { } refusal ? new AuthenticationException(refusal, e) : new IOException(e.GetBaseException().Message, e);
        }
    }

    private SslClientAuthenticationOptions Options(ControllerTrust trust) => new()
    {
        TargetHost = ContractRevision.ServerName,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificates = [_certificate],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => trust.Validate(certificate, chain, errors),
        CertificateChainPolicy = ControllerTrust.NewPolicy(),
    };
}
