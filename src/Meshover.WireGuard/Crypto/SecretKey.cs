using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// A secret of 32 bytes in use (a private, preshared or ephemeral key). Pinned, so that the collector leaves no copies behind;
/// zeroed by <see cref="Dispose"/>; compared in constant time; never written by <see cref="object.ToString"/>.
/// </summary>
internal sealed class SecretKey : IDisposable, IEquatable<SecretKey>
{
    public const int Length = 32;

    private readonly byte[] _bytes = GC.AllocateArray<byte>(Length, pinned: true);

    /// <exception cref="ArgumentException">The span does not have 32 bytes.</exception>
    public SecretKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A WireGuard key has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool Equals(SecretKey? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    public override bool Equals(object? obj) => Equals(obj as SecretKey);

    /// <summary>Constant: a hash of a secret is a piece of it.</summary>
    public override int GetHashCode() => 0;

    public override string ToString() => "(hidden)";

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
