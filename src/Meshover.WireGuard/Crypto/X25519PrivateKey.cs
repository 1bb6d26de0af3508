using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// A private key that is used more than once, as OpenSSL has it: when it takes one over it computes the public key, which is one more
/// multiplication on the curve. It zeroes the key when this is disposed of.
/// </summary>
internal sealed class X25519PrivateKey : IDisposable
{
    private readonly PKeyHandle _key;

    /// <param name="privateKey">32 bytes; they stay the caller's.</param>
    public X25519PrivateKey(ReadOnlySpan<byte> privateKey) => _key = LibCrypto.NewX25519Private(privateKey);

    public void CopyPublic(Span<byte> publicKey) => LibCrypto.CopyPublic(_key, publicKey);

    /// <summary>False, with <paramref name="shared"/> zeroed, for a public key of low order, whose secret anybody knows.</summary>
    public bool TryAgree(ReadOnlySpan<byte> publicKey, Span<byte> shared)
    {
        using var other = LibCrypto.NewX25519Public(publicKey);
        if (LibCrypto.TryDerive(_key, other, shared))
            return true;
        CryptographicOperations.ZeroMemory(shared);
        return false;
    }

    public void Dispose() => _key.Dispose();
}
