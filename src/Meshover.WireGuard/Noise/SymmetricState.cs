using System.Security.Cryptography;
using Meshover.WireGuard.Crypto;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The chaining key C and the hash H that both ends of a Noise_IKpsk2 handshake carry along (WireGuard paper, sections 5.4.2-5.4.5; the
/// functions are the Noise specification's, section 5.2). Pinned and zeroed when it is done with.
/// </summary>
internal sealed class SymmetricState : IDisposable
{
    private static readonly byte[] InitialChainingKey = HashOf("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"u8, []);
    private static readonly byte[] InitialHash = HashOf(InitialChainingKey, "WireGuard v1 zx2c4 Jason@zx2c4.com"u8);
    private static readonly byte[] ZeroNonce = new byte[Aead.NonceLength]; // each key of the handshake seals one message

    private readonly byte[] _bytes = GC.AllocateArray<byte>(2 * Blake2s.HashLength, pinned: true);

    private SymmetricState() { }

    private Span<byte> ChainingKey => _bytes.AsSpan(0, Blake2s.HashLength);

    private Span<byte> HashValue => _bytes.AsSpan(Blake2s.HashLength);

    /// <summary>Where a handshake towards this responder begins.</summary>
    public static SymmetricState Begin(ReadOnlySpan<byte> responderPublic)
    {
        var state = new SymmetricState();
        InitialChainingKey.CopyTo(state.ChainingKey);
        InitialHash.CopyTo(state.HashValue);
        state.MixHash(responderPublic);
        return state;
    }

    public SymmetricState Clone()
    {
        var copy = new SymmetricState();
        _bytes.CopyTo(copy._bytes.AsSpan());
        return copy;
    }

    public void MixHash(ReadOnlySpan<byte> data) => Blake2s.Hash(HashValue, data, HashValue);

    public void MixKey(ReadOnlySpan<byte> input) => Blake2s.Kdf(ChainingKey, input, ChainingKey);

    /// <summary>Mixes in a secret and takes the key for the next message out.</summary>
    public void MixKey(ReadOnlySpan<byte> secret, Span<byte> key)
    {
        Span<byte> derived = stackalloc byte[2 * Blake2s.HashLength];
        Blake2s.Kdf(ChainingKey, secret, derived);
        derived[..Blake2s.HashLength].CopyTo(ChainingKey);
        derived[Blake2s.HashLength..].CopyTo(key);
        CryptographicOperations.ZeroMemory(derived);
    }

    /// <summary>Mixes in the preshared key, also the all-zero one that stands for none, and takes a key out.</summary>
    public void MixPresharedKey(ReadOnlySpan<byte> presharedKey, Span<byte> key)
    {
        Span<byte> derived = stackalloc byte[3 * Blake2s.HashLength];
        Blake2s.Kdf(ChainingKey, presharedKey, derived);
        derived[..Blake2s.HashLength].CopyTo(ChainingKey);
        MixHash(derived.Slice(Blake2s.HashLength, Blake2s.HashLength));
        derived[(2 * Blake2s.HashLength)..].CopyTo(key);
        CryptographicOperations.ZeroMemory(derived);
    }

    /// <summary>Mixes in DH(private, public). False for a public key of low order.</summary>
    public bool TryMixDh(X25519PrivateKey privateKey, ReadOnlySpan<byte> publicKey, Span<byte> key)
    {
        Span<byte> shared = stackalloc byte[X25519.KeyLength];
        var agreed = privateKey.TryAgree(publicKey, shared);
        if (agreed)
            MixKey(shared, key);
        CryptographicOperations.ZeroMemory(shared);
        return agreed;
    }

    /// <summary>Mixes in DH(private, public) where no message is sealed with it. False for a public key of low order.</summary>
    public bool TryMixDh(X25519PrivateKey privateKey, ReadOnlySpan<byte> publicKey)
    {
        Span<byte> shared = stackalloc byte[X25519.KeyLength];
        var agreed = privateKey.TryAgree(publicKey, shared);
        if (agreed)
            MixKey(shared);
        CryptographicOperations.ZeroMemory(shared);
        return agreed;
    }

    /// <summary>Mixes in an ephemeral public key, which is sent in the clear.</summary>
    public void MixEphemeral(ReadOnlySpan<byte> ephemeralPublic)
    {
        MixKey(ephemeralPublic);
        MixHash(ephemeralPublic);
    }

    public void Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plaintext, Span<byte> sealedText)
    {
        Aead.Seal(key, ZeroNonce, plaintext, HashValue, sealedText);
        MixHash(sealedText);
    }

    public bool TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> sealedText, Span<byte> plaintext)
    {
        if (!Aead.TryOpen(key, ZeroNonce, sealedText, HashValue, plaintext))
            return false;
        MixHash(sealedText);
        return true;
    }

    /// <summary>The two transport keys. The initiator sends with the first, the responder with the second.</summary>
    public TransportKeys Split(bool isInitiator)
    {
        Span<byte> keys = stackalloc byte[2 * Blake2s.HashLength];
        Blake2s.Kdf(ChainingKey, [], keys);
        ReadOnlySpan<byte> first = keys[..Blake2s.HashLength], second = keys[Blake2s.HashLength..];
        var split = isInitiator ? TransportKeys.Copy(first, second) : TransportKeys.Copy(second, first);
        CryptographicOperations.ZeroMemory(keys);
        return split;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private static byte[] HashOf(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var hash = new byte[Blake2s.HashLength];
        Blake2s.Hash(first, second, hash);
        return hash;
    }
}
