using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Meshover.Agent.Trust;

/// <summary>Makes a new identity's keys.</summary>
public static class IdentityFactory
{
    /// <summary>The certificate carries the key through TLS and nothing else, so it is valid as long as a certificate can be.</summary>
    private const int ValidYears = 100;

    public static NodeIdentity Create(string hostName, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={hostName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2", "clientAuth")], critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddYears(-1), now.AddYears(ValidYears));
        return new NodeIdentity
        {
            HostName = hostName,
            IdentityKeyPem = key.ExportPkcs8PrivateKeyPem(),
            CertificatePem = certificate.ExportCertificatePem(),
            WireGuardPrivateKey = WireGuardKeys.NewPrivateKey(),
            WireGuardKeyMade = now.ToUnixTimeSeconds(),
        };
    }
}
