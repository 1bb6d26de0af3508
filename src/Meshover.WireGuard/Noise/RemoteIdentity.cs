using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;

namespace Meshover.WireGuard.Noise;

/// <summary>A peer's static key as seen from ours: what every handshake with it needs, computed once.</summary>
internal sealed class RemoteIdentity : IDisposable
{
    private readonly SecretKey? _staticShared;
    private SecretKey _presharedKey;

    /// <param name="self">Ourselves.</param>
    /// <param name="publicKey">The peer's key. One of low order is taken, but no handshake with it succeeds.</param>
    /// <param name="presharedKey">32 bytes; zeros for none.</param>
    public RemoteIdentity(LocalIdentity self, WireGuardKey publicKey, ReadOnlySpan<byte> presharedKey)
    {
        PublicKey = publicKey;
        _presharedKey = new SecretKey(presharedKey);
        Span<byte> shared = stackalloc byte[X25519.KeyLength];
        if (X25519.TryAgree(self.PrivateKey, publicKey.Bytes, shared))
            _staticShared = new SecretKey(shared);
        shared.Clear();
    }

    public WireGuardKey PublicKey { get; }

    /// <summary>DH(our static key, its static key); empty for a peer key of low order.</summary>
    public ReadOnlySpan<byte> StaticShared => _staticShared is null ? default : _staticShared.Bytes;

    public ReadOnlySpan<byte> PresharedKey => _presharedKey.Bytes;

    public void SetPresharedKey(ReadOnlySpan<byte> key)
    {
        _presharedKey.Dispose();
        _presharedKey = new SecretKey(key);
    }

    public void Dispose()
    {
        _staticShared?.Dispose();
        _presharedKey.Dispose();
    }
}
