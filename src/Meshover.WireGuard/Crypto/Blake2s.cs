using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// BLAKE2s (RFC 7693) in the four forms that WireGuard uses it in (paper, section 5.4): hash, keyed MAC, HMAC, key derivation.
/// </summary>
internal static class Blake2s
{
    public const int HashLength = 32;
    public const int MacLength = 16;

    private const int BlockLength = 64;

    /// <summary>HASH(first || second), 32 bytes.</summary>
    public static void Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> hash)
    {
        var digest = new Blake2sDigest(HashLength, key: []);
        digest.Add(first);
        digest.Add(second);
        digest.Finish(hash);
    }

    /// <summary>MAC(key, data): BLAKE2s's own keyed mode with 16 bytes of output. The key has 32 bytes, or 16 if it is a cookie.</summary>
    public static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        var digest = new Blake2sDigest(MacLength, key);
        digest.Add(data);
        digest.Finish(mac);
    }

    /// <summary>HMAC(key, data) of RFC 2104 over BLAKE2s, 32 bytes; keys of up to 64 bytes.</summary>
    public static void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        Span<byte> pad = stackalloc byte[BlockLength];
        Span<byte> inner = stackalloc byte[HashLength];
        FillPad(pad, key, 0x36);
        Hash(pad, data, inner);
        FillPad(pad, key, 0x5c);
        Hash(pad, inner, mac);
        CryptographicOperations.ZeroMemory(pad);
        CryptographicOperations.ZeroMemory(inner);
    }

    /// <summary>KDF_n(key, input): <paramref name="output"/> is n times 32 bytes, n at most 3, and may hold the key or the input.</summary>
    public static void Kdf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> input, Span<byte> output)
    {
        Span<byte> pseudoRandomKey = stackalloc byte[HashLength];
        Span<byte> block = stackalloc byte[HashLength + 1]; // t(i-1) || i, where t(0) is empty
        Hmac(key, input, pseudoRandomKey);
        for (var i = 0; i * HashLength < output.Length; i++)
        {
            block[HashLength] = (byte)(i + 1);
            Hmac(pseudoRandomKey, i == 0 ? block[HashLength..] : block, block[..HashLength]);
            block[..HashLength].CopyTo(output[(i * HashLength)..]);
        }
        CryptographicOperations.ZeroMemory(pseudoRandomKey);
        CryptographicOperations.ZeroMemory(block);
    }

    private static void FillPad(Span<byte> pad, ReadOnlySpan<byte> key, byte value)
    {
        pad.Fill(value);
        for (var i = 0; i < key.Length; i++)
            pad[i] ^= key[i];
    }
}
