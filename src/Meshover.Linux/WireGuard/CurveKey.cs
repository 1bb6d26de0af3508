using System.Diagnostics.CodeAnalysis;

namespace Meshover.Linux.WireGuard;

/// <summary>A public key of 32 bytes (Curve25519), compared by value; base64 in text, as <c>wg</c> shows it.</summary>
public readonly struct CurveKey : IEquatable<CurveKey>
{
    public const int Length = 32;

    private static readonly byte[] Zero = new byte[Length];
    private readonly byte[]? _bytes;

    /// <exception cref="ArgumentException">The span does not have 32 bytes.</exception>
    public CurveKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A key has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    public ReadOnlySpan<byte> Bytes => _bytes ?? Zero;

    public bool Equals(CurveKey other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is CurveKey other && Equals(other);

    public override int GetHashCode() => BitConverter.ToInt32(Bytes);

    public override string ToString() => Convert.ToBase64String(Bytes);

    public static bool operator ==(CurveKey left, CurveKey right) => left.Equals(right);
    public static bool operator !=(CurveKey left, CurveKey right) => !left.Equals(right);
}
