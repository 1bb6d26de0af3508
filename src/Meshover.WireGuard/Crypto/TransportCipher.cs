using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// ChaCha20-Poly1305 under one transport key in one direction (WireGuard paper, section 5.4.6): the nonce is 32 zero bits and the
/// packet's counter, there is no additional data, the tag of 16 bytes follows the ciphertext. Nothing is allocated per packet.
/// One thread at a time may use an instance, and none once it is disposed: <see cref="Session.KeyReclaimer"/> sees to that.
/// </summary>
/// <remarks>
/// One OpenSSL context per key: only the nonce changes between packets, which makes it a third quicker than .NET's own
/// ChaCha20Poly1305. Of a batch, packets of one length are done together where the processor has AVX2 or AVX-512
/// and that is quicker.
/// </remarks>
internal sealed unsafe class TransportCipher : IDisposable
{
    public const int KeyLength = 32;
    public const int TagLength = 16;

    private const int GetTag = 0x10; // EVP_CTRL_AEAD_GET_TAG
    private const int SetTag = 0x11; // EVP_CTRL_AEAD_SET_TAG

    private readonly CipherContextHandle _handle;
    private readonly nint _context;
    private readonly byte[] _nonceBytes = GC.AllocateArray<byte>(12, pinned: true);
    private readonly byte* _nonce;
    private readonly byte[] _keyBytes = GC.AllocateArray<byte>(KeyLength, pinned: true);
    private readonly byte* _key;

    private TransportCipher(ReadOnlySpan<byte> key, bool seals)
    {
        if (key.Length != KeyLength)
            throw new ArgumentException($"A transport key has {KeyLength} bytes, not {key.Length}.", nameof(key));
        _handle = LibCrypto.EVP_CIPHER_CTX_new();
        LibCrypto.Require(!_handle.IsInvalid);
        _context = _handle.DangerousGetHandle();
        _nonce = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_nonceBytes));
        key.CopyTo(_keyBytes);
        _key = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_keyBytes));
        LibCrypto.Require(1 == (seals
            ? LibCrypto.EVP_EncryptInit_ex(_context, LibCrypto.ChaCha20Poly1305, 0, _key, _nonce)
            : LibCrypto.EVP_DecryptInit_ex(_context, LibCrypto.ChaCha20Poly1305, 0, _key, _nonce)));
    }

    public bool IsDisposed => _handle.IsClosed;

    public static TransportCipher ForSealing(ReadOnlySpan<byte> key) => new(key, seals: true);

    public static TransportCipher ForOpening(ReadOnlySpan<byte> key) => new(key, seals: false);

    /// <summary>
    /// Encrypts <paramref name="length"/> bytes and writes the tag behind them: <paramref name="destination"/> has room for
    /// length + 16 bytes and may be <paramref name="source"/> itself.
    /// </summary>
    public void Seal(byte* destination, byte* source, int length, ulong counter)
    {
        int written;
        Unsafe.WriteUnaligned(_nonce + 4, counter);
        var sealedWell = LibCrypto.EVP_EncryptInit_ex(_context, 0, 0, null, _nonce)
            & LibCrypto.EVP_EncryptUpdate(_context, destination, &written, source, length)
            & LibCrypto.EVP_EncryptFinal_ex(_context, destination + length, &written)
            & LibCrypto.EVP_CIPHER_CTX_ctrl(_context, GetTag, TagLength, destination + length);
        GC.KeepAlive(this);
        LibCrypto.Require(sealedWell == 1); // it cannot fail, but if it did, clear text would go out
    }

    /// <summary>
    /// Checks the tag at <paramref name="source"/> + <paramref name="length"/> and decrypts the <paramref name="length"/> bytes before
    /// it, in place if both are the same. When it is false the destination holds rubbish that nobody may read.
    /// </summary>
    public bool Open(byte* destination, byte* source, int length, ulong counter)
    {
        int written;
        Unsafe.WriteUnaligned(_nonce + 4, counter);
        var authentic = LibCrypto.EVP_DecryptInit_ex(_context, 0, 0, null, _nonce)
            & LibCrypto.EVP_CIPHER_CTX_ctrl(_context, SetTag, TagLength, source + length)
            & LibCrypto.EVP_DecryptUpdate(_context, destination, &written, source, length)
            & LibCrypto.EVP_DecryptFinal_ex(_context, destination + length, &written);
        GC.KeepAlive(this);
        return authentic == 1;
    }

#if NULL_CIPHER
    public void Seal(PacketJob* jobs, int count) => GC.KeepAlive(this);

    public void Open(PacketJob* jobs, int count)
    {
        for (var i = 0; i < count; i++)
            jobs[i].IsAuthentic = true;
        GC.KeepAlive(this);
    }
#else
    /// <summary>Encrypts each packet in place and writes its tag behind it.</summary>
    public void Seal(PacketJob* jobs, int count)
    {
        PacketBatch.Seal(this, _key, jobs, count, BatchChoice.InUse);
        GC.KeepAlive(this);
    }

    /// <summary>Checks and decrypts each packet in place; <see cref="PacketJob.IsAuthentic"/> says which may be read.</summary>
    public void Open(PacketJob* jobs, int count)
    {
        PacketBatch.Open(this, _key, jobs, count, BatchChoice.InUse);
        GC.KeepAlive(this);
    }
#endif

    /// <summary>Frees the context, which zeroes the key there, and zeroes our copy.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        CryptographicOperations.ZeroMemory(_keyBytes);
    }
}
