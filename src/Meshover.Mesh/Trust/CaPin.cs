using System.Buffers.Text;
using System.Security.Cryptography;

namespace Meshover.Mesh.Trust;

/// <summary>A pinned certificate authority: SHA-256 of its DER subject public key info (RFC 7469, section 2.4), base64url without padding.</summary>
public static class CaPin
{
    private const int TextLength = 43;

    public static string Of(ReadOnlySpan<byte> subjectPublicKeyInfo) =>
        Base64Url.EncodeToString(SHA256.HashData(subjectPublicKeyInfo));

    public static bool IsWellFormed(string? pin) =>
        pin is { Length: TextLength } && Base64Url.IsValid(pin);
}
