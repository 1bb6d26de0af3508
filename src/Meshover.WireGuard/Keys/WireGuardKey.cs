using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Meshover.WireGuard.Keys;

/// <summary>A peer's Curve25519 public key of 32 bytes, compared by value; base64 in text and JSON, as <c>wg</c> writes it.</summary>
[JsonConverter(typeof(WireGuardKeyConverter))]
public readonly struct WireGuardKey : IEquatable<WireGuardKey>
{
    public const int Length = 32;

    private readonly byte[]? _bytes;

    /// <exception cref="ArgumentException">The span does not have 32 bytes.</exception>
    public WireGuardKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A WireGuard key has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    public ReadOnlySpan<byte> Bytes => _bytes ?? KeyText.Zero;

    /// <summary>Parses base64 of exactly 32 bytes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? base64, out WireGuardKey key)
    {
        Span<byte> bytes = stackalloc byte[Length];
        key = default;
        if (!KeyText.TryDecode(base64, bytes))
            return false;
        key = new WireGuardKey(bytes);
        return true;
    }

    public bool Equals(WireGuardKey other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is WireGuardKey other && Equals(other);

    public override int GetHashCode() => BitConverter.ToInt32(Bytes);

    public override string ToString() => Convert.ToBase64String(Bytes);

    public static bool operator ==(WireGuardKey left, WireGuardKey right) => left.Equals(right);
    public static bool operator !=(WireGuardKey left, WireGuardKey right) => !left.Equals(right);
}
