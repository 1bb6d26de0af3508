namespace Meshover.WireGuard.Crypto;

/// <summary>
/// ChaCha20-Poly1305 (RFC 8439) for single messages with additional data: the handshake's. A wrong tag is a result and no exception, since
/// anybody who knows our public key can send as many as he likes.
/// </summary>
internal static unsafe class Aead
{
    public const int KeyLength = 32;
    public const int NonceLength = 12;
    public const int TagLength = 16;

    private const int GetTag = 0x10; // EVP_CTRL_AEAD_GET_TAG
    private const int SetTag = 0x11; // EVP_CTRL_AEAD_SET_TAG

    /// <param name="header">Additional data: authenticated, not encrypted.</param>
    /// <param name="sealedText">Room for the plaintext and 16 bytes.</param>
    public static void Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> header, Span<byte> sealedText)
    {
        using var handle = LibCrypto.EVP_CIPHER_CTX_new();
        var context = handle.DangerousGetHandle();
        int written;
        fixed (byte* k = key, n = nonce, p = plaintext, a = header, s = sealedText)
        {
            LibCrypto.Require(1 == (LibCrypto.EVP_EncryptInit_ex(context, LibCrypto.ChaCha20Poly1305, 0, k, n)
                & LibCrypto.EVP_EncryptUpdate(context, null, &written, a, header.Length)
                & LibCrypto.EVP_EncryptUpdate(context, s, &written, p, plaintext.Length)
                & LibCrypto.EVP_EncryptFinal_ex(context, s + plaintext.Length, &written)
                & LibCrypto.EVP_CIPHER_CTX_ctrl(context, GetTag, TagLength, s + plaintext.Length)));
        }
    }

    /// <summary>False, with the plaintext cleared, if the tag does not fit; also if the text is too short for one.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedText, ReadOnlySpan<byte> header, Span<byte> plaintext)
    {
        var length = sealedText.Length - TagLength;
        if (length < 0)
            return false;
        using var handle = LibCrypto.EVP_CIPHER_CTX_new();
        var context = handle.DangerousGetHandle();
        int written;
        bool authentic;
        byte* end = stackalloc byte[TagLength]; // an empty plaintext has no place for the final call to point at
        fixed (byte* k = key, n = nonce, p = plaintext, a = header, s = sealedText)
        {
            authentic = 1 == (LibCrypto.EVP_DecryptInit_ex(context, LibCrypto.ChaCha20Poly1305, 0, k, n)
                & LibCrypto.EVP_CIPHER_CTX_ctrl(context, SetTag, TagLength, s + length)
                & LibCrypto.EVP_DecryptUpdate(context, null, &written, a, header.Length)
                & LibCrypto.EVP_DecryptUpdate(context, length == 0 ? end : p, &written, s, length)
                & LibCrypto.EVP_DecryptFinal_ex(context, end, &written));
        }
        if (!authentic)
            plaintext.Clear();
        return authentic;
    }
}
