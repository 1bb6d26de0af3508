using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Meshover.Linux.WireGuard;

/// <summary>A private or preshared key of 32 bytes. All zero means none. Its text never shows it.</summary>
public readonly struct CurveSecret : IEquatable<CurveSecret>
{
    private static readonly byte[] Zero = new byte[CurveKey.Length];
    private readonly byte[]? _bytes;

    /// <exception cref="ArgumentException">The span does not have 32 bytes.</exception>
    public CurveSecret(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != CurveKey.Length)
            throw new ArgumentException($"A key has {CurveKey.Length} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    public ReadOnlySpan<byte> Bytes => _bytes ?? Zero;

    public bool Equals(CurveSecret other) => CryptographicOperations.FixedTimeEquals(Bytes, other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is CurveSecret other && Equals(other);

    /// <summary>Constant: a hash of a secret is a piece of it.</summary>
    public override int GetHashCode() => 0;

    public override string ToString() => "(hidden)";

    public static bool operator ==(CurveSecret left, CurveSecret right) => left.Equals(right);
    public static bool operator !=(CurveSecret left, CurveSecret right) => !left.Equals(right);
}
