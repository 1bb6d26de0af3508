using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Meshover.Controller.Identity;

/// <summary>The identity of a TLS client: the key of its certificate, whatever else the certificate says.</summary>
internal static class ClientIdentity
{
    /// <summary>SHA-256 of the subject public key info, base64url without padding.</summary>
    public static string ThumbprintOf(X509Certificate2 certificate) =>
        Base64Url.EncodeToString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>Whether the key is one that an identity may have: ECDSA on P-256.</summary>
    public static bool IsAcceptable(X509Certificate2 certificate)
    {
        // Other curves have 256 bits, too.
        using var key = certificate.GetECDsaPublicKey();
        return key?.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
    }
}
