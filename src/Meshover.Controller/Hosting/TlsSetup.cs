using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
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
internal sealed class TlsSetup : IDisposable
{
    private readonly List<X509Certificate2> _certificates = [];
    private readonly SslServerAuthenticationOptions _nodes;
    private readonly SslServerAuthenticationOptions _others;

    /// <exception cref="ConfigException">The operator's certificate cannot be used.</exception>
    public TlsSetup(SecretRecord secret, ControllerOptions options, DateTimeOffset now)
    {
        var (server, authority) = CertificateAuthority.IssueServerCertificate(secret, now);
        _certificates.AddRange([server, authority]);
        var own = SslStreamCertificateContext.Create(server, [authority], offline: true);
        _nodes = OptionsFor(own);
        _nodes.ClientCertificateRequired = true;
        // Any key may say who it is; what it is worth is decided by its thumbprint, call by call. So no time is spent on looking for
        // an authority in the machine's own list.
        _nodes.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        _nodes.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is X509Certificate2 shown && ClientIdentity.IsAcceptable(shown);
        _others = OptionsFor(options.Certificate is null ? own : ReadOperators(options.Certificate, options.Key!));
    }

    public TlsHandshakeCallbackOptions ToHandshakeOptions() => new()
    {
        OnConnection = context => ValueTask.FromResult(
            string.Equals(context.ClientHelloInfo.ServerName, ContractRevision.ServerName, StringComparison.OrdinalIgnoreCase) ? _nodes : _others),
    };

    public void Dispose()
    {
        foreach (var certificate in _certificates)
            certificate.Dispose();
    }

    private SslStreamCertificateContext ReadOperators(string certificateFile, string keyFile)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            _certificates.Add(certificate);
            _certificates.AddRange(chain);
            return SslStreamCertificateContext.Create(certificate, [.. chain.Skip(1)], offline: true);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigException($"Cannot use the certificate {certificateFile} with the key {keyFile}: {e.Message} Give a PEM chain and its PEM key.");
        }
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
