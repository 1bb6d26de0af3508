using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meshover.Cli.Ways;

/// <summary>What `meshover ping --json` prints. Fields are only ever added.</summary>
internal sealed record PingDocument
{
    public required string Target { get; init; }
    public required string Address { get; init; }

    [Description("here, direct, transit, none, outside (not by the mesh) or unknown.")]
    public required string Path { get; init; }

    [Description("The node that the packets are handed to; null: none.")]
    public required string? Via { get; init; }

    [Description("Where that node's WireGuard is reached; null while it is not.")]
    public required string? Endpoint { get; init; }

    [Description("Why it is not direct; null where it is.")]
    public required string? PathReason { get; init; }
    public required int Sent { get; init; }
    public required int Received { get; init; }
    public required double LossPercent { get; init; }

    [Description("Milliseconds; null where nothing was answered.")]
    public required RttSection? Rtt { get; init; }

    [Description("Bytes of the largest packet that is answered in one piece; null where it was not found.")]
    public required int? PathMtu { get; init; }

    [Description("In the order in which they were asked: milliseconds each; null: no answer.")]
    public required ImmutableArray<double?> Answers { get; init; }
}

internal sealed record RttSection(double Min, double Average, double Max);

/// <summary>What `meshover trace --json` prints. Fields are only ever added.</summary>
internal sealed record TraceDocument
{
    public required string Target { get; init; }
    public required string Address { get; init; }
    public required bool Reached { get; init; }
    public required ImmutableArray<HopSection> Hops { get; init; }
}

internal sealed record HopSection
{
    public required int Hop { get; init; }

    [Description("The node's hostname; null where it is no node, or nothing answered.")]
    public required string? Node { get; init; }

    [Description("Null: nothing answered.")]
    public required string? Address { get; init; }

    [Description("Milliseconds; null: nothing answered.")]
    public required double? RttMs { get; init; }

    [Description("Why the packets come by there.")]
    public required string Reason { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PingDocument))]
[JsonSerializable(typeof(TraceDocument))]
internal sealed partial class WayJson : JsonSerializerContext;
