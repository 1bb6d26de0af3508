using System.Security.Cryptography;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Noise;

/// <summary>A peer as seen from our static key: what every handshake with it needs.</summary>
internal sealed class RemoteIdentity : IDisposable
{
    private readonly SecretKey? _staticShared;

    /// <param name="self">Ourselves.</param>
    /// <param name="publicKey">The peer's key. One of low order is taken, but no handshake with it succeeds.</param>
    /// <param name="presharedKey">Zeros for none. It stays the caller's.</param>
    public RemoteIdentity(LocalIdentity self, WireGuardKey publicKey, SecretKey presharedKey)
    {
        PublicKey = publicKey;
        PresharedKey = presharedKey;
        Span<byte> shared = stackalloc byte[X25519.KeyLength];
        if (self.Agreement.TryAgree(publicKey.Bytes, shared))
            _staticShared = new SecretKey(shared);
        CryptographicOperations.ZeroMemory(shared);
    }

    public WireGuardKey PublicKey { get; }

    public SecretKey PresharedKey { get; set; }

    /// <summary>DH(our static key, its static key), computed once; empty for a peer key of low order.</summary>
    public ReadOnlySpan<byte> StaticShared => _staticShared is null ? default : _staticShared.Bytes;

    public void Dispose() => _staticShared?.Dispose();
}
