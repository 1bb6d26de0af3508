using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.Lab.Meshes;

/// <summary>What <c>meshover status --json</c> says (docs/status.schema.json), as far as the lab uses it.</summary>
public sealed record NodeStatus
{
    /// <summary>up | degraded | down</summary>
    public required string State { get; init; }

    /// <summary>Null where the machine belongs to no mesh.</summary>
    public required NodeNumbers? Node { get; init; }
    public required ControllerLink Controller { get; init; }
    public IReadOnlyList<ComponentState> Components { get; init; } = [];
    public IReadOnlyList<PeerState> Peers { get; init; } = [];
    public IReadOnlyList<string> Announced { get; init; } = [];
    public IReadOnlyList<string> AnnouncedNotGranted { get; init; } = [];
    public IReadOnlyList<string> Notices { get; init; } = [];
    public IReadOnlyList<FindingState> Findings { get; init; } = [];

    /// <summary>handing-over | least-liked | withdrawing | drained; null: it is not to be drained.</summary>
    public string? Draining { get; init; }

    /// <summary>The numbers of a node that is in a mesh.</summary>
    /// <exception cref="LabException">It is in none.</exception>
    [JsonIgnore]
    public NodeNumbers Numbers => Node ?? throw new LabException("the node is in no mesh");

    /// <exception cref="LabException">It is not the JSON that this lab knows.</exception>
    public static NodeStatus Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, NodeStatusJson.Default.NodeStatus) ?? throw new LabException("`meshover status --json` printed null");
        }
        catch (JsonException error)
        {
            throw new LabException($"`meshover status --json` printed something unexpected: {error.Message}", error);
        }
    }
}

/// <summary>What a node finds wrong, by docs/findings.md.</summary>
public sealed record FindingState(string Code, string Severity, string Subject, string Text);

/// <summary>What the controller gave a node.</summary>
public sealed record NodeNumbers
{
    public required string Hostname { get; init; }
    public required uint Id { get; init; }
    public required string Address4 { get; init; }
    public required string Address6 { get; init; }
    public required string TunnelAddress { get; init; }
    public required uint Asn { get; init; }
}

/// <param name="State">connected | connecting | unreachable | refused | unknown</param>
public sealed record ControllerLink(string State, string? Error);

/// <param name="State">ok | starting | degraded | failed | off | unknown</param>
/// <param name="Kind">What does the work; null where there is nothing to say.</param>
/// <param name="Reason">Why it is this kind, where another is to be preferred; else null.</param>
public sealed record ComponentState(string Name, string State, string? Kind, string? Reason, IReadOnlyList<string> Errors)
{
    public override string ToString() => $"{Name} {State} {Kind} {Reason} {string.Join("; ", Errors)}";
}

/// <summary>A node's view of one peer.</summary>
public sealed record PeerState
{
    public required string Hostname { get; init; }
    public required string Link { get; init; }

    /// <summary>"[2001:db8::2]:12912"; null: none.</summary>
    public required string? Endpoint { get; init; }

    /// <summary>direct | transit | none</summary>
    public required string Path { get; init; }
    public required string BgpState { get; init; }

    /// <summary>up | down; empty where it is unknown.</summary>
    public required string BfdState { get; init; }
    public required uint PrefixesReceived { get; init; }

    /// <summary>This end's half of what the link costs.</summary>
    public uint? LinkCost { get; init; }

    /// <summary>lan | wan | lossy</summary>
    public string? BfdProfile { get; init; }

    /// <summary>It passes on what others tell; null: unknown.</summary>
    public bool? Transit { get; init; }
}

/// <summary>What <c>meshover announcements --json</c> says of a prefix, as far as the lab uses it.</summary>
public sealed record AnnouncementState
{
    /// <summary>With its length: 10.9.0.1/32.</summary>
    public required string Prefix { get; init; }

    /// <summary>Its condition is not fulfilled.</summary>
    public required bool Withdrawn { get; init; }

    /// <summary>active | leaving | standby; null where it is none of several that has it.</summary>
    public string? Role { get; init; }

    public string? Reason { get; init; }

    internal static IReadOnlyList<AnnouncementState> Parse(string json) => JsonSerializer.Deserialize(json, NodeStatusJson.Default.IReadOnlyListAnnouncementState) ?? [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(IReadOnlyList<AnnouncementState>))]
internal sealed partial class NodeStatusJson : JsonSerializerContext;
