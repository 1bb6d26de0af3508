namespace Meshover.WireGuard.Crypto;

/// <summary>Diffie-Hellman on Curve25519 (RFC 7748), by OpenSSL, with a key that is used once.</summary>
internal static class X25519
{
    public const int KeyLength = 32;

    public static void PublicFromPrivate(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        using var key = new X25519PrivateKey(privateKey);
        key.CopyPublic(publicKey);
    }

    /// <inheritdoc cref="X25519PrivateKey.TryAgree"/>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> shared)
    {
        using var own = new X25519PrivateKey(privateKey);
        return own.TryAgree(publicKey, shared);
    }
}
