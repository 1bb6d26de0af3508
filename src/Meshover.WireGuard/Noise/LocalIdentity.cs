using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;

namespace Meshover.WireGuard.Noise;

/// <summary>Our own static key, and what follows from it.</summary>
internal sealed class LocalIdentity : IDisposable
{
    private readonly SecretKey _privateKey;

    public LocalIdentity(ReadOnlySpan<byte> privateKey)
    {
        _privateKey = new SecretKey(privateKey);
        Span<byte> publicKey = stackalloc byte[WireGuardKey.Length];
        X25519.PublicFromPrivate(privateKey, publicKey);
        PublicKey = new WireGuardKey(publicKey);
    }

    public ReadOnlySpan<byte> PrivateKey => _privateKey.Bytes;

    public WireGuardKey PublicKey { get; }

    public void Dispose() => _privateKey.Dispose();
}
