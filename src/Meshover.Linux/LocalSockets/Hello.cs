using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.Linux.LocalSockets;

/// <summary>The first line of a connection; its form never changes (docs/decisions/047).</summary>
internal sealed record HelloRequest
{
    /// <summary>Bytes; a longer line is none.</summary>
    internal const int Longest = 64 << 10;

    internal const string Word = "Hello";

    public string? Operation { get; init; }

    /// <summary>The newest version that the client speaks.</summary>
    public int Version { get; init; }

    /// <summary>The oldest; null: it speaks one only.</summary>
    public int? Oldest { get; init; }
    public ImmutableArray<string>? Capabilities { get; init; }

    /// <summary>Null: it is another message, or none at all.</summary>
    internal static HelloRequest? TryParse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HelloJson.Default.HelloRequest) is { Operation: Word } hello ? hello : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The answer: the version that both are to speak from now on, or why there is none.</summary>
internal sealed record HelloAnswer
{
    /// <summary>The word that stands in <see cref="Error"/> where there is no version that both speak.</summary>
    internal const string NoVersion = "Version";

    public int Version { get; init; }
    public string? Error { get; init; }
    public string? Message { get; init; }
    public ImmutableArray<string>? Capabilities { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HelloRequest))]
[JsonSerializable(typeof(HelloAnswer))]
internal sealed partial class HelloJson : JsonSerializerContext;
