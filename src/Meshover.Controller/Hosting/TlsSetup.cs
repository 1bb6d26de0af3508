using System.Collections.Frozen;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Meshover.Controller.Hosting;

/// <summary>
/// What a TLS client gets, by the name that it asks for: under a name that a group of endpoints claims the internal CA's certificate, under every other
/// the operator's own, where there is one; the protocols of the groups that are served under it; and where one signs in by a client
/// certificate, no handshake without.
/// </summary>
internal sealed class TlsSetup
{
    private readonly FrozenDictionary<string, Profile> _claimed;
    private readonly Profile _others;

    /// <exception cref="ConfigException">The operator's certificate cannot be used.</exception>
    public TlsSetup(SecretRecord secret, ControllerOptions options, EndpointGroups groups, TimeProvider time, ILogger log)
    {
        var own = new NodeCertificate(secret, time);
        var operators = options.Certificate is null ? null : new OperatorCertificate(options.Certificate, options.Key!, time, log);
        _claimed = groups.ServerNames.ToFrozenDictionary(
            name => name, name => new Profile(() => own.Current, [.. groups.At(Door.Network, name)]), StringComparer.OrdinalIgnoreCase);
        _others = new Profile(() => operators?.Current ?? own.Current, [.. groups.At(Door.Network, "")]);
    }

    public TlsHandshakeCallbackOptions ToHandshakeOptions() => new()
    {
        OnConnection = context => ValueTask.FromResult(OptionsOf(context.ClientHelloInfo.ServerName)),
    };

    /// <summary>What a client is answered that asks for this name.</summary>
    public SslServerAuthenticationOptions OptionsOf(string serverName) => _claimed.GetValueOrDefault(serverName, _others).Current;

    /// <summary>The answer for one name, made anew when the certificate is another; handshakes that are under way go on with theirs.</summary>
    private sealed class Profile(Func<SslStreamCertificateContext> certificate, EndpointGroup[] groups)
    {
        private volatile SslServerAuthenticationOptions _options = Make(certificate(), groups);

        public SslServerAuthenticationOptions Current
        {
            get
            {
                if (certificate() is var shown && _options.ServerCertificateContext != shown)
                    _options = Make(shown, groups);
                return _options;
            }
        }

        private static SslServerAuthenticationOptions Make(SslStreamCertificateContext certificate, EndpointGroup[] groups)
        {
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate,
                EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = ProtocolsOf(groups),
                // A resumed session would carry an identity that was proven on another connection.
                AllowTlsResume = false,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            };
            if (Array.Exists(groups, group => group.SignIn == SignIn.ClientCertificate))
                RequireIdentity(options);
            return options;
        }

        // Where nothing is served, the gate says so.
        private static List<SslApplicationProtocol> ProtocolsOf(EndpointGroup[] groups)
        {
            var all = groups.Aggregate(HttpProtocols.None, (protocols, group) => protocols | group.Protocols);
            var offered = new List<SslApplicationProtocol>();
            if (all == HttpProtocols.None || all.HasFlag(HttpProtocols.Http2))
                offered.Add(SslApplicationProtocol.Http2);
            if (all.HasFlag(HttpProtocols.Http1))
                offered.Add(SslApplicationProtocol.Http11);
            return offered;
        }

        private static void RequireIdentity(SslServerAuthenticationOptions options)
        {
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
        }
    }
}
