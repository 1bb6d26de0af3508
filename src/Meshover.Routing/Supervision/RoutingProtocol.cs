using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Meshover.Linux.LocalSockets;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>The words on routing.sock.</summary>
internal static class RoutingProtocol
{
    public const string Apply = "apply";
    public const string Status = "status";
    public const string Stop = "stop";
    public const string ToggleSource = "toggle-source-route-map";

    /// <summary>Asks for the configuration that FRR runs.</summary>
    public const string Running = "running";

    /// <summary>What is leased holds on.</summary>
    public const string Renew = "renew";

    /// <summary>Asks who announces prefixes.</summary>
    public const string Paths = "paths";

    /// <summary>Asks what neighbours announce and bgpd does not take.</summary>
    public const string Refused = "refused";

    /// <summary>A configuration of 5,000 neighbours fits four times into a line.</summary>
    public static ProtocolTerms Terms { get; } = new("`meshover routing`", Oldest: 1, Newest: 1, LongestLine: 16 << 20)
    {
        Capabilities = [Apply, Status, Stop, ToggleSource, Running, Renew, Paths, Refused],
    };
}

internal sealed record RoutingRequest
{
    [JsonPropertyName("v")] public int Version { get; init; }
    public string? Op { get; init; }

    /// <summary>Of <see cref="RoutingProtocol.Apply"/>.</summary>
    public FrrConfig? Config { get; init; }

    /// <summary>Of <see cref="RoutingProtocol.Paths"/>; of <see cref="RoutingProtocol.Refused"/> one.</summary>
    public ImmutableArray<string> Prefixes { get => field.IsDefault ? [] : field; init; } = [];

    /// <summary>Of <see cref="RoutingProtocol.Refused"/>: links.</summary>
    public ImmutableArray<string> Neighbors { get => field.IsDefault ? [] : field; init; } = [];
}

internal sealed record RoutingReply
{
    [JsonPropertyName("v")] public int Version { get; init; } = RoutingProtocol.Terms.Newest;

    /// <summary>Null where the request was done.</summary>
    public string? Error { get; init; }
    public RoutingStatus? Status { get; init; }
    public ApplyResult? Applied { get; init; }

    /// <summary>Of <see cref="RoutingProtocol.Running"/>; null: none.</summary>
    public FrrConfig? Running { get; init; }

    /// <summary>Of <see cref="RoutingProtocol.Renew"/>: prefixes that have lapsed since the last time.</summary>
    public ImmutableArray<string> Lapsed { get => field.IsDefault ? [] : field; init; } = [];

    /// <summary>Of <see cref="RoutingProtocol.Paths"/>: for how long FRR has run.</summary>
    public long FrrRunsMs { get; init; }

    /// <summary>Of <see cref="RoutingProtocol.Paths"/>.</summary>
    public ImmutableArray<AnnouncedPath> Paths { get => field.IsDefault ? [] : field; init; } = [];

    /// <summary>Of <see cref="RoutingProtocol.Refused"/>.</summary>
    public ImmutableArray<RefusedPath> Refused { get => field.IsDefault ? [] : field; init; } = [];
}

/// <summary>What applying a configuration changed.</summary>
/// <param name="Commands">Lines of FRR's configuration that were added or taken away; 0 if it already was so.</param>
/// <param name="Restarted">FRR was (re)started with the new configuration.</param>
public sealed record ApplyResult(int Commands, bool Restarted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RoutingRequest))]
[JsonSerializable(typeof(RoutingReply))]
[JsonSerializable(typeof(FrrConfig))]
[JsonSerializable(typeof(ImmutableArray<FrrBackendConfig>))]
internal sealed partial class RoutingJson : JsonSerializerContext;
