using System.Text.Json.Serialization;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>
/// The words on routing.sock: one JSON object a line, a reply for each request, in order. Unknown members are ignored, so that a
/// newer agent may say more; a version that is not ours is refused.
/// </summary>
internal static class RoutingProtocol
{
    public const int Version = 1;

    /// <summary>Bytes in one line: a configuration of 5,000 neighbours fits four times.</summary>
    public const int LongestLine = 16 << 20;

    public const string Apply = "apply";
    public const string Status = "status";
    public const string Stop = "stop";
    public const string ToggleSource = "toggle-source-route-map";
}

internal sealed record RoutingRequest
{
    [JsonPropertyName("v")] public int Version { get; init; }
    public string? Op { get; init; }

    /// <summary>Of <see cref="RoutingProtocol.Apply"/>.</summary>
    public FrrConfig? Config { get; init; }
}

internal sealed record RoutingReply
{
    [JsonPropertyName("v")] public int Version { get; init; } = RoutingProtocol.Version;

    /// <summary>Null where the request was done.</summary>
    public string? Error { get; init; }
    public RoutingStatus? Status { get; init; }
    public ApplyResult? Applied { get; init; }
}

/// <summary>What applying a configuration changed.</summary>
/// <param name="Commands">Lines of FRR's configuration that were added or taken away; 0 if it already was so.</param>
/// <param name="Restarted">FRR was (re)started with the new configuration.</param>
public sealed record ApplyResult(int Commands, bool Restarted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RoutingRequest))]
[JsonSerializable(typeof(RoutingReply))]
[JsonSerializable(typeof(FrrConfig))]
internal sealed partial class RoutingJson : JsonSerializerContext;
