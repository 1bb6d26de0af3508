using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Meshover.Mesh.Addressing;

namespace Meshover.Mesh.Trust;

/// <summary>
/// What a machine needs in order to join: where a controller is, which CA to believe, and a token that admits it.
/// Text: <c>mo1.</c> and the base64url of a JSON object {"c":[controllers],"p":[CA pins],"t":token}; unknown members are ignored.
/// </summary>
public sealed record JoinString
{
    private const string Prefix = "mo1.";
    private const string Advice = "Copy the whole string that `meshover-controller init` or `meshover token create` printed.";

    /// <summary><c>host:port</c>, <c>[v6]:port</c> or a DNS name and port; tried in this order. Never empty.</summary>
    public required ImmutableArray<string> Controllers { get; init; }

    /// <summary>SHA-256 of the CA's subject public key info, base64url without padding; any of them is trusted. Never empty.</summary>
    public required ImmutableArray<string> CaPins { get; init; }

    /// <summary>The join token, a JWT.</summary>
    public required string Token { get; init; }

    /// <param name="text">Blanks and line ends around it are ignored.</param>
    /// <param name="join">The parsed string.</param>
    /// <param name="error">One sentence: what is wrong and what to do.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JoinString? join, [NotNullWhen(false)] out string? error)
    {
        join = null;
        text = text?.Trim() ?? "";
        error = text switch
        {
            "" => $"The join string is empty. {Advice}",
            _ when !text.StartsWith("mo", StringComparison.Ordinal) => $"This is not a join string: it does not begin with \"{Prefix}\". {Advice}",
            _ when !text.StartsWith(Prefix, StringComparison.Ordinal) =>
                $"The join string has a format that this release does not know (\"{text.Split('.')[0]}\"). Upgrade meshover on this machine.",
            _ => null,
        };
        if (error is null && Decode(text[Prefix.Length..]) is { } read)
            (join, error) = Check(read);
        else
            error ??= $"The join string is damaged (cut short, or changed on the way). {Advice}";
        return error is null;
    }

    /// <exception cref="FormatException">One sentence: what is wrong and what to do.</exception>
    public static JoinString Parse(string? text) => TryParse(text, out var join, out var error) ? join : throw new FormatException(error);

    public override string ToString()
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            WriteList(writer, "c", Controllers);
            WriteList(writer, "p", CaPins);
            writer.WriteString("t", Token);
            writer.WriteEndObject();
        }
        return Prefix + Base64Url.EncodeToString(json.WrittenSpan);
    }

    private static void WriteList(Utf8JsonWriter writer, string name, ImmutableArray<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    private static JoinString? Decode(string base64)
    {
        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(base64));
            return new JoinString
            {
                Controllers = ReadList(json.RootElement, "c"),
                CaPins = ReadList(json.RootElement, "p"),
                Token = json.RootElement.GetProperty("t").GetString() ?? "",
            };
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static ImmutableArray<string> ReadList(JsonElement root, string name) =>
        [.. root.GetProperty(name).EnumerateArray().Select(value => value.GetString() ?? "")];

    private static (JoinString?, string?) Check(JoinString join)
    {
        if (join.Controllers.IsEmpty)
            return (null, $"The join string names no controller. {Advice}");
        foreach (var controller in join.Controllers)
        {
            if (!HostPort.TryParse(controller, out _))
                return (null, $"The join string names a controller that is not a host:port (\"{controller}\"). {Advice}");
        }
        if (join.CaPins.IsEmpty || join.CaPins.Any(pin => !CaPin.IsWellFormed(pin)))
            return (null, $"The join string pins no certificate authority. {Advice}");
        return join.Token.Length == 0 ? (null, $"The join string has no token in it. {Advice}") : (join, null);
    }
}
