using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meshover.Cli.Routes;

/// <summary>What `meshover route explain --json` prints. Its schema is docs/route.schema.json; fields are only ever added.</summary>
[Description("Which way packets take on one node, and why, as `meshover route explain --json` prints it. Fields are only ever added; readers ignore unknown ones.")]
internal sealed record RouteDocument
{
    [Description("Hostname of the node that was asked.")]
    public required string Node { get; init; }

    [Description("Source of the packet.")]
    public required string From { get; init; }

    [Description("Its destination; of a prefix, the first address in it.")]
    public required string To { get; init; }

    [Description("here (it is this machine's), link (it goes to another node), outside (it leaves by another interface) or refused.")]
    public required string Kind { get; init; }

    [Description("The interface that it leaves by; null: none.")]
    public required string? Link { get; init; }

    [Description("Hostname of the node at the link's other end; null: none.")]
    public required string? Next { get; init; }

    [Description("Where it comes in, in words.")]
    public required string In { get; init; }

    [Description("Whether it is gathered, in words.")]
    public required string Gathered { get; init; }

    [Description("Where it goes, in words.")]
    public required string Out { get; init; }

    [Description("What was asked about: the prefix, or the address as one.")]
    public required string Prefix { get; init; }

    [Description("Who announces it, or what overlaps it, as far as this node hears it; the prefix itself first, then those around it, then its parts.")]
    public required ImmutableArray<RouteAnnouncement> Announcements { get; init; }

    [Description("Who may announce it, or what overlaps it.")]
    public required ImmutableArray<RouteHolder> Grants { get; init; }

    [Description("The kernel's routes of it, and of what overlaps it, without the mirror of the underlay's.")]
    public required ImmutableArray<RouteHeld> Kernel { get; init; }

    [Description("How many more there are in the three lists, of which each has 200 at most.")]
    public required int More { get; init; }

    [Description("What could not be asked, and why; one sentence each.")]
    public required ImmutableArray<string> Notes { get; init; }
}

internal sealed record RouteAnnouncement
{
    public required string Prefix { get; init; }

    [Description("What it is to the prefix that was asked about: exact, covers (it is around it) or within (it is a part of it).")]
    public required string Match { get; init; }

    [Description("Hostname of the node that announces it; of one that the map does not have, its AS number; unknown where its AS path does not say it. This node, too, where a router outside told it.")]
    public required string Node { get; init; }

    [Description("own, withdrawn (this node's, and not announced now), used, accepted (another way is better), shadowed (another route of this machine comes first), not-in-kernel or refused.")]
    public required string State { get; init; }

    [Description("Why, one sentence or more.")]
    public required string Reason { get; init; }

    [Description("What its links cost together (BGP's MED); null: it has none, or is refused.")]
    public required uint? Cost { get; init; }

    [Description("Hostnames of the nodes that packets are handed to; of a router outside the mesh, the address or interface of its session.")]
    public required ImmutableArray<string> NextHops { get; init; }

    [Description("Of a prefix that one of several nodes has: active, standby or leaving; else null.")]
    public required string? Role { get; init; }

    [Description("Of such a prefix: of several nodes the greatest has it; else null.")]
    public required int? Priority { get; init; }

    [Description("By whom it came, those that are used first, then the cheapest; empty of this node's own, of what is refused, and where an older daemon does not say it.")]
    public required ImmutableArray<RouteWay> Ways { get; init; }
}

internal sealed record RouteWay
{
    [Description("Hostname of the node that packets are handed to; of a router outside the mesh, the address or interface of its session.")]
    public required string By { get; init; }

    [Description("What the whole way costs (BGP's MED), in units of 0.1 ms: its links, and what the announcer set; null: not known.")]
    public required uint? Cost { get; init; }

    [Description("Of that, the link with that node; null: not known.")]
    public required uint? Link { get; init; }

    [Description("Of that, what lies beyond: the other links, and what the announcer set; null: not known.")]
    public required uint? Beyond { get; init; }

    [Description("Of what lies beyond, what the announcer set (its own MED); null: not known.")]
    public required uint? Set { get; init; }

    [Description("bgpd chose it, or it is one of several that are as good.")]
    public required bool Used { get; init; }

    [Description("Why it is not used, in a few words; null: it is.")]
    public required string? Reason { get; init; }
}

internal sealed record RouteHolder
{
    public required string Node { get; init; }
    public required string Prefix { get; init; }

    [Description("As of an announcement.")]
    public required string Match { get; init; }

    [Description("The longest prefix of it that may be announced.")]
    public required int MaxLength { get; init; }

    [Description("What its one address is called in the mesh's zone of DNS; null: nothing.")]
    public required string? Name { get; init; }

    [Description("Why nothing of it is among the announcements, or that it is not known whether something is announced; null: something is.")]
    public required string? Silent { get; init; }
}

internal sealed record RouteHeld
{
    public required string Prefix { get; init; }

    [Description("As of an announcement.")]
    public required string Match { get; init; }

    [Description("unicast, local, unreachable, blackhole, …")]
    public required string Kind { get; init; }

    [Description("Who set it: bgp, meshover, kernel, static, …, or a number.")]
    public required string Protocol { get; init; }
    public required uint Table { get; init; }
    public required uint Metric { get; init; }

    [Description("Interfaces, with the peer at a link's other end.")]
    public required ImmutableArray<string> By { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RouteDocument))]
internal sealed partial class RouteJson : JsonSerializerContext;
