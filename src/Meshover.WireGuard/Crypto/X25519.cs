using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>Diffie-Hellman on Curve25519 (RFC 7748), by OpenSSL: about 45 us an agreement.</summary>
internal static class X25519
{
    public const int KeyLength = 32;

    public static void PublicFromPrivate(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        using var key = LibCrypto.NewX25519Private(privateKey);
        LibCrypto.CopyPublic(key, publicKey);
    }

    /// <summary>False, with <paramref name="shared"/> zeroed, for a public key of low order, whose secret anybody knows.</summary>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> shared)
    {
        using var own = LibCrypto.NewX25519Private(privateKey);
        using var other = LibCrypto.NewX25519Public(publicKey);
        if (LibCrypto.TryDerive(own, other, shared))
            return true;
        CryptographicOperations.ZeroMemory(shared);
        return false;
    }
}
