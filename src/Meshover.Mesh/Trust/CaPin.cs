using System.Buffers.Text;
using System.Security.Cryptography;

namespace Meshover.Mesh.Trust;

/// <summary>A pinned certificate authority: SHA-256 of its DER subject public key info (RFC 7469, section 2.4), base64url without padding.</summary>
public static class CaPin
{
    /// <summary>
    /// Extension of the server certificate that holds the DER of the CA's own certificate. A TLS server leaves the root out of the
    /// chain that it sends (RFC 8446, section 4.4.2, and .NET does), and a pin alone cannot verify a signature. The arc is of a UUID (X.667).
    /// </summary>
    public const string AuthorityExtension = "2.25.151559621405196331579662604126850111668";

    private const int TextLength = 43;

    public static string Of(ReadOnlySpan<byte> subjectPublicKeyInfo) =>
        Base64Url.EncodeToString(SHA256.HashData(subjectPublicKeyInfo));

    public static bool IsWellFormed(string? pin) =>
        pin is { Length: TextLength } && Base64Url.IsValid(pin);
}
