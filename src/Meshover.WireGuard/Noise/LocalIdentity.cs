using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Noise;

/// <summary>Our own static key, and what follows from it.</summary>
internal sealed class LocalIdentity : IDisposable
{
    private readonly SecretKey _privateKey;

    public LocalIdentity(ReadOnlySpan<byte> privateKey)
    {
        _privateKey = new SecretKey(privateKey);
        Span<byte> publicKey = stackalloc byte[WireGuardKey.Length];
        Agreement = new X25519PrivateKey(privateKey);
        Agreement.CopyPublic(publicKey);
        PublicKey = new WireGuardKey(publicKey);
    }

    public ReadOnlySpan<byte> PrivateKey => _privateKey.Bytes;

    /// <summary>The same, ready for agreements.</summary>
    public X25519PrivateKey Agreement { get; }

    public WireGuardKey PublicKey { get; }

    public void Dispose()
    {
        _privateKey.Dispose();
        Agreement.Dispose();
    }
}
