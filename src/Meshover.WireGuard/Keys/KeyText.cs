using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.WireGuard.Keys;

/// <summary>Keys as base64 text.</summary>
internal static class KeyText
{
    private const int Base64Length = 44;

    public static readonly byte[] Zero = new byte[WireGuardKey.Length];

    public static bool TryDecode([NotNullWhen(true)] string? base64, Span<byte> key)
    {
        // Room for what a wrong length decodes to, so that it is told apart from a right one.
        Span<byte> bytes = stackalloc byte[WireGuardKey.Length + 3];
        if (base64 is not { Length: Base64Length } || !Convert.TryFromBase64String(base64, bytes, out var written) || written != key.Length)
            return false;
        bytes[..key.Length].CopyTo(key);
        CryptographicOperations.ZeroMemory(bytes);
        return true;
    }
}

internal sealed class WireGuardKeyConverter : JsonConverter<WireGuardKey>
{
    public override WireGuardKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        WireGuardKey.TryParse(reader.GetString(), out var key)
            ? key
            : throw new JsonException("is not a WireGuard key (base64 of 32 bytes, 44 characters)");

    public override void Write(Utf8JsonWriter writer, WireGuardKey value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

internal sealed class WireGuardSecretConverter : JsonConverter<WireGuardSecret>
{
    public override WireGuardSecret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        WireGuardSecret.TryParse(reader.GetString(), out var secret)
            ? secret
            : throw new JsonException("is not a WireGuard key (base64 of 32 bytes, 44 characters)");

    public override void Write(Utf8JsonWriter writer, WireGuardSecret value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Convert.ToBase64String(value.Bytes));
}
