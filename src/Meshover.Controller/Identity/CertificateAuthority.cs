using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.State;
using Meshover.Mesh.Trust;

namespace Meshover.Controller.Identity;

/// <summary>
/// The mesh's own certificate authority (ECDSA P-256), which signs one thing: the certificate that nodes are served under
/// <c>node.meshover</c>. Join strings pin its key, so it may be replaced without any public authority.
/// </summary>
internal static class CertificateAuthority
{
    // A node whose clock is behind must still find the certificate valid.
    private static readonly TimeSpan Backdated = TimeSpan.FromDays(2);
    private static readonly TimeSpan CaLifetime = TimeSpan.FromDays(3650 * 2);
    private static readonly TimeSpan ServerLifetime = TimeSpan.FromDays(397);

    /// <summary>Makes a CA and a key that signs tokens and credentials.</summary>
    public static SecretRecord Create(DateTimeOffset now)
    {
        var authority = CreateAuthority(now);
        using var signingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SecretRecord
        {
            CaKey = authority.Key,
            CaCertificate = authority.Certificate,
            SigningKey = signingKey.ExportPkcs8PrivateKeyPem(),
        };
    }

    public static AuthorityRecord CreateAuthority(DateTimeOffset now)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Meshover CA", caKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now - Backdated, now + CaLifetime);
        return new AuthorityRecord(caKey.ExportPkcs8PrivateKeyPem(), certificate.ExportCertificatePem());
    }

    /// <summary>The pin of the CA's key, as in join strings.</summary>
    public static string PinOf(SecretRecord secret) => PinOf(secret.CaCertificate);

    /// <param name="pem">An authority's certificate.</param>
    public static string PinOf(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return CaPin.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>A server certificate for <c>node.meshover</c>, new at each start of the controller, with its private key, and the CA's.</summary>
    public static (X509Certificate2 Server, X509Certificate2 Authority) IssueServerCertificate(SecretRecord secret, DateTimeOffset now)
    {
        var authority = X509Certificate2.CreateFromPem(secret.CaCertificate, secret.CaKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={ContractRevision.ServerName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(ContractRevision.ServerName);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "serverAuth")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        request.CertificateExtensions.Add(new X509Extension(new Oid(CaPin.AuthorityExtension), authority.RawData, critical: false));
        var (from, until) = Within(authority, now - Backdated, now + ServerLifetime);
        using var certificate = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(16));
        return (certificate.CopyWithPrivateKey(key), authority);
    }

    // A clock that was set back since `init`, or a machine without one, must not keep the controller from starting: a certificate that is
    // valid beyond its authority's time cannot be made. Nodes go by the pin, not by these dates.
    private static (DateTimeOffset From, DateTimeOffset Until) Within(X509Certificate2 authority, DateTimeOffset from, DateTimeOffset until)
    {
        var (first, last) = (new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter)); // .NET gives them as local times
        from = from < first ? first : from;
        until = until > last ? last : until;
        return from < until ? (from, until) : (first, last);
    }
}
