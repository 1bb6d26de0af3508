using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), which WireGuard's cookie replies are sealed with: a nonce of 24 bytes may be drawn at
/// random. HChaCha20 makes a key of its first 16 bytes; the other 8 are the nonce of ChaCha20-Poly1305.
/// </summary>
internal static class XChaCha20Poly1305
{
    public const int NonceLength = 24;

    private const int StateWords = 16;
    private const int SubnonceLength = 16;

    public static void Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> header, Span<byte> sealedText)
    {
        Span<byte> subkey = stackalloc byte[Aead.KeyLength];
        Span<byte> rest = stackalloc byte[Aead.NonceLength];
        Derive(key, nonce, subkey, rest);
        Aead.Seal(subkey, rest, plaintext, header, sealedText);
        CryptographicOperations.ZeroMemory(subkey);
    }

    public static bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedText, ReadOnlySpan<byte> header, Span<byte> plaintext)
    {
        Span<byte> subkey = stackalloc byte[Aead.KeyLength];
        Span<byte> rest = stackalloc byte[Aead.NonceLength];
        Derive(key, nonce, subkey, rest);
        var authentic = Aead.TryOpen(subkey, rest, sealedText, header, plaintext);
        CryptographicOperations.ZeroMemory(subkey);
        return authentic;
    }

    private static void Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Span<byte> subkey, Span<byte> rest)
    {
        HChaCha20(key, nonce[..SubnonceLength], subkey);
        rest[..4].Clear();
        nonce[SubnonceLength..].CopyTo(rest[4..]);
    }

    /// <summary>
    /// Section 2.2: the ChaCha20 permutation without the final addition; the first and the last four words are the result.
    /// </summary>
    internal static void HChaCha20(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Span<byte> subkey)
    {
        Span<uint> state = stackalloc uint[StateWords];
        ReadWords("expand 32-byte k"u8, state[..4]);
        ReadWords(key, state[4..12]);
        ReadWords(nonce, state[12..]);
        for (var round = 0; round < 10; round++)
            DoubleRound(state);
        WriteWords(state[..4], subkey);
        WriteWords(state[12..], subkey[16..]);
        state.Clear();
    }

    private static void DoubleRound(Span<uint> state)
    {
        QuarterRound(ref state[0], ref state[4], ref state[8], ref state[12]);
        QuarterRound(ref state[1], ref state[5], ref state[9], ref state[13]);
        QuarterRound(ref state[2], ref state[6], ref state[10], ref state[14]);
        QuarterRound(ref state[3], ref state[7], ref state[11], ref state[15]);
        QuarterRound(ref state[0], ref state[5], ref state[10], ref state[15]);
        QuarterRound(ref state[1], ref state[6], ref state[11], ref state[12]);
        QuarterRound(ref state[2], ref state[7], ref state[8], ref state[13]);
        QuarterRound(ref state[3], ref state[4], ref state[9], ref state[14]);
    }

    private static void QuarterRound(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        a += b; d = BitOperations.RotateLeft(d ^ a, 16);
        c += d; b = BitOperations.RotateLeft(b ^ c, 12);
        a += b; d = BitOperations.RotateLeft(d ^ a, 8);
        c += d; b = BitOperations.RotateLeft(b ^ c, 7);
    }

    private static void ReadWords(ReadOnlySpan<byte> bytes, Span<uint> words)
    {
        for (var i = 0; i < words.Length; i++)
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]);
    }

    private static void WriteWords(ReadOnlySpan<uint> words, Span<byte> bytes)
    {
        for (var i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(i * 4)..], words[i]);
    }
}
