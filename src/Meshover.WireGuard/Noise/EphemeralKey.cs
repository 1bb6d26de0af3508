using System.Security.Cryptography;
using Meshover.WireGuard.Crypto;

namespace Meshover.WireGuard.Noise;

/// <summary>A key that lives for one handshake.</summary>
internal static class EphemeralKey
{
    /// <summary>Draws one and writes its public half into a message.</summary>
    public static X25519PrivateKey Generate(IEntropy entropy, Span<byte> publicKey)
    {
        Span<byte> bytes = stackalloc byte[X25519.KeyLength];
        entropy.Fill(bytes);
        var key = new X25519PrivateKey(bytes);
        key.CopyPublic(publicKey);
        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }
}
