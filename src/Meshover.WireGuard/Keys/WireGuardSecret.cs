using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Meshover.WireGuard.Crypto;

namespace Meshover.WireGuard.Keys;

/// <summary>
/// A private or preshared key of 32 bytes. Base64 in JSON; <see cref="ToString"/> never shows it, so that it cannot slip into a log.
/// </summary>
[JsonConverter(typeof(WireGuardSecretConverter))]
public readonly struct WireGuardSecret : IEquatable<WireGuardSecret>
{
    private readonly byte[]? _bytes;

    /// <exception cref="ArgumentException">The span does not have 32 bytes.</exception>
    public WireGuardSecret(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != WireGuardKey.Length)
            throw new ArgumentException($"A WireGuard key has {WireGuardKey.Length} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    public ReadOnlySpan<byte> Bytes => _bytes ?? KeyText.Zero;

    /// <summary>Its bytes, or none where it is all zero.</summary>
    internal ReadOnlySpan<byte> OrEmpty => IsZero ? [] : Bytes;

    /// <summary>All zero: for a preshared key it means none, for a private key that none is set.</summary>
    public bool IsZero => CryptographicOperations.FixedTimeEquals(Bytes, KeyText.Zero);

    /// <summary>The public key that belongs to this private key; null if none is set.</summary>
    public WireGuardKey? PublicKey
    {
        get
        {
            if (IsZero)
                return null;
            Span<byte> key = stackalloc byte[WireGuardKey.Length];
            X25519.PublicFromPrivate(Bytes, key);
            return new WireGuardKey(key);
        }
    }

    /// <summary>Parses base64 of exactly 32 bytes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? base64, out WireGuardSecret secret)
    {
        Span<byte> bytes = stackalloc byte[WireGuardKey.Length];
        secret = default;
        if (!KeyText.TryDecode(base64, bytes))
            return false;
        secret = new WireGuardSecret(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return true;
    }

    public bool Equals(WireGuardSecret other) => CryptographicOperations.FixedTimeEquals(Bytes, other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is WireGuardSecret other && Equals(other);

    /// <summary>Constant: a hash of a secret is a piece of it.</summary>
    public override int GetHashCode() => 0;

    public override string ToString() => "(hidden)";

    public static bool operator ==(WireGuardSecret left, WireGuardSecret right) => left.Equals(right);
    public static bool operator !=(WireGuardSecret left, WireGuardSecret right) => !left.Equals(right);
}
