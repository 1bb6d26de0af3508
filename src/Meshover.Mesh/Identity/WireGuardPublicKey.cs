using System.Diagnostics.CodeAnalysis;

namespace Meshover.Mesh.Identity;

/// <summary>A Curve25519 public key of 32 bytes, compared by value; base64 in text, as <c>wg</c> writes it.</summary>
public readonly struct WireGuardPublicKey : IEquatable<WireGuardPublicKey>
{
    public const int Length = 32;

    private readonly byte[]? _bytes;

    /// <exception cref="ArgumentException">The span does not have 32 bytes.</exception>
    public WireGuardPublicKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A WireGuard key has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    public ReadOnlySpan<byte> Bytes => _bytes ?? new byte[Length];

    public static bool TryParse([NotNullWhen(true)] string? base64, out WireGuardPublicKey key)
    {
        Span<byte> bytes = stackalloc byte[Length + 3];
        key = default;
        if (base64 is null || !Convert.TryFromBase64String(base64, bytes, out var written) || written != Length)
            return false;
        key = new WireGuardPublicKey(bytes[..Length]);
        return true;
    }

    public bool Equals(WireGuardPublicKey other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is WireGuardPublicKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public override string ToString() => Convert.ToBase64String(Bytes);

    public static bool operator ==(WireGuardPublicKey left, WireGuardPublicKey right) => left.Equals(right);
    public static bool operator !=(WireGuardPublicKey left, WireGuardPublicKey right) => !left.Equals(right);
}
