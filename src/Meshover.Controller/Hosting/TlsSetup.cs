using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Meshover.Mesh.Trust;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Meshover.Controller.Hosting;

/// <summary>
/// Which certificate a TLS client gets: under <c>node.meshover</c> always the internal CA's, and only there a client certificate is
/// needed, without which the handshake ends; under every other name the operator's own, where there is one.
/// </summary>
internal sealed class TlsSetup
{
    private readonly NodeCertificate _own;
    private readonly OperatorCertificate? _operators;
    private volatile SslServerAuthenticationOptions _nodes;
    private volatile SslServerAuthenticationOptions _others;

    /// <exception cref="ConfigException">The operator's certificate cannot be used.</exception>
    public TlsSetup(SecretRecord secret, ControllerOptions options, TimeProvider time, ILogger log)
    {
        _own = new NodeCertificate(secret, time);
        _operators = options.Certificate is null ? null : new OperatorCertificate(options.Certificate, options.Key!, time, log);
        _nodes = ForNodes(_own.Current);
        _others = OptionsFor((_operators?.Current) ?? _own.Current);
    }

    public TlsHandshakeCallbackOptions ToHandshakeOptions() => new()
    {
        OnConnection = context => ValueTask.FromResult(OptionsOf(context.ClientHelloInfo.ServerName)),
    };

    /// <summary>What a client is answered that asks for this name.</summary>
    public SslServerAuthenticationOptions OptionsOf(string serverName)
    {
        if (string.Equals(serverName, ContractRevision.ServerName, StringComparison.OrdinalIgnoreCase))
        {
            if (_own.Current is var own && _nodes.ServerCertificateContext != own)
                _nodes = ForNodes(own);
            return _nodes;
        }
        if (((_operators?.Current) ?? _own.Current) is var shown && _others.ServerCertificateContext != shown)
            _others = OptionsFor(shown);
        return _others;
    }

    private static SslServerAuthenticationOptions ForNodes(SslStreamCertificateContext certificate)
    {
        var options = OptionsFor(certificate);
        options.ClientCertificateRequired = true;
        // Any key may say who it is; what it is worth is decided by its thumbprint, call by call. So no time is spent on looking for
        // an authority in the machine's own list.
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is X509Certificate2 shown && ClientIdentity.IsAcceptable(shown);
        return options;
    }

    private static SslServerAuthenticationOptions OptionsFor(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        // A resumed session would carry an identity that was proven on another connection.
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
    };
}
