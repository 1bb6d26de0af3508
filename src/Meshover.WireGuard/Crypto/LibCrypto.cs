using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>The few functions of OpenSSL 3 (<c>libcrypto.so.3</c>, which .NET's own TLS needs too) that the engine calls itself.</summary>
internal static unsafe partial class LibCrypto
{
    private const string Library = "libcrypto.so.3";
    private const int X25519Id = 1034; // NID_X25519 of openssl/obj_mac.h

    // One implementation object for all ciphers: fetching it by name takes longer than a handshake's worth of sealing.
    public static readonly nint ChaCha20Poly1305 = FetchCipher();

    public static PKeyHandle NewX25519Private(ReadOnlySpan<byte> key)
    {
        fixed (byte* bytes = key)
            return Checked(EVP_PKEY_new_raw_private_key(X25519Id, 0, bytes, (nuint)key.Length));
    }

    public static PKeyHandle NewX25519Public(ReadOnlySpan<byte> key)
    {
        fixed (byte* bytes = key)
            return Checked(EVP_PKEY_new_raw_public_key(X25519Id, 0, bytes, (nuint)key.Length));
    }

    public static void CopyPublic(PKeyHandle key, Span<byte> destination)
    {
        var length = (nuint)destination.Length;
        fixed (byte* bytes = destination)
            Require(EVP_PKEY_get_raw_public_key(key, bytes, ref length) == 1);
    }

    /// <summary>False if OpenSSL refuses the result, as it does the all-zero one (RFC 7748 section 6.1).</summary>
    public static bool TryDerive(PKeyHandle own, PKeyHandle other, Span<byte> shared)
    {
        using var context = EVP_PKEY_CTX_new(own, 0);
        Require(!context.IsInvalid && EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, other) == 1);
        var length = (nuint)shared.Length;
        fixed (byte* bytes = shared)
        {
            var derived = EVP_PKEY_derive(context, bytes, ref length) == 1;
            if (!derived)
                ERR_clear_error(); // else it lies in the thread's error queue, and the next TLS call on it reports it
            return derived;
        }
    }

    private static nint FetchCipher()
    {
        fixed (byte* name = "ChaCha20-Poly1305\0"u8)
        {
            var cipher = EVP_CIPHER_fetch(0, name, null);
            Require(cipher != 0);
            return cipher;
        }
    }

    private static PKeyHandle Checked(PKeyHandle key)
    {
        Require(!key.IsInvalid);
        return key;
    }

    public static void Require(bool succeeded)
    {
        if (!succeeded)
            throw new CryptographicException("OpenSSL (libcrypto.so.3) refused an X25519 or ChaCha20-Poly1305 operation.");
    }

    [LibraryImport(Library)] private static partial PKeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, byte* key, nuint length);
    [LibraryImport(Library)] private static partial PKeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, byte* key, nuint length);
    [LibraryImport(Library)] private static partial int EVP_PKEY_get_raw_public_key(PKeyHandle key, byte* destination, ref nuint length);
    [LibraryImport(Library)] private static partial PKeyContextHandle EVP_PKEY_CTX_new(PKeyHandle key, nint engine);
    [LibraryImport(Library)] private static partial int EVP_PKEY_derive_init(PKeyContextHandle context);
    [LibraryImport(Library)] private static partial int EVP_PKEY_derive_set_peer(PKeyContextHandle context, PKeyHandle peer);
    [LibraryImport(Library)] private static partial int EVP_PKEY_derive(PKeyContextHandle context, byte* secret, ref nuint length);
    [LibraryImport(Library)] public static partial void EVP_PKEY_free(nint key);
    [LibraryImport(Library)] public static partial void EVP_PKEY_CTX_free(nint context);
    [LibraryImport(Library)] private static partial void ERR_clear_error();

    [LibraryImport(Library)] private static partial nint EVP_CIPHER_fetch(nint context, byte* algorithm, byte* properties);
    [LibraryImport(Library)] public static partial CipherContextHandle EVP_CIPHER_CTX_new();
    [LibraryImport(Library)] public static partial void EVP_CIPHER_CTX_free(nint context);

    // Below: the packet's path. Each call takes well under a microsecond, never blocks and never calls back.
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_EncryptInit_ex(nint context, nint cipher, nint engine, byte* key, byte* nonce);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_DecryptInit_ex(nint context, nint cipher, nint engine, byte* key, byte* nonce);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_EncryptUpdate(nint context, byte* destination, int* written, byte* source, int length);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_DecryptUpdate(nint context, byte* destination, int* written, byte* source, int length);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_EncryptFinal_ex(nint context, byte* destination, int* written);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_DecryptFinal_ex(nint context, byte* destination, int* written);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int EVP_CIPHER_CTX_ctrl(nint context, int type, int argument, byte* pointer);
}

/// <summary>An <c>EVP_PKEY</c>; OpenSSL zeroes the key when it frees it.</summary>
internal sealed class PKeyHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_free(handle);
        return true;
    }
}

/// <summary>An <c>EVP_PKEY_CTX</c>: one key agreement in progress.</summary>
internal sealed class PKeyContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_CTX_free(handle);
        return true;
    }
}

/// <summary>An <c>EVP_CIPHER_CTX</c>; OpenSSL zeroes the key when it frees it.</summary>
internal sealed class CipherContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_CIPHER_CTX_free(handle);
        return true;
    }
}
