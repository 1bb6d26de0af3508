using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meshover.Cli.Status;

/// <summary>What `meshover status --json` prints. Its schema is docs/status.schema.json; fields are only ever added.</summary>
[Description("The state of one node, as `meshover status --json` prints it. Fields are only ever added; readers ignore unknown ones.")]
internal sealed record StatusDocument
{
    [Description("Version of this format; it changes only when the meaning of a field changes.")]
    public int Format { get; init; } = 1;

    [Description("Version of the program that printed it.")]
    public required string Version { get; init; }

    [Description("up: all is well. degraded: the node runs, but something is not as it should be. down: nothing runs.")]
    public required NodeState State { get; init; }

    [Description("Who this node is; null where the machine belongs to no mesh.")]
    public required NodeSection? Node { get; init; }
    public required ControllerSection Controller { get; init; }
    public required MapSection Map { get; init; }

    [Description("agent, dataplane, routing and kernel (addresses, routes, rules, sysctls), in this order.")]
    public required ImmutableArray<ComponentSection> Components { get; init; }

    [Description("The other nodes of the mesh, by hostname.")]
    public required ImmutableArray<PeerSection> Peers { get; init; }

    [Description("BGP routers outside the mesh, as the settings have them; empty while the agent does not answer.")]
    public ImmutableArray<NeighborSection> Neighbors { get; init; } = [];

    [Description("Ranges of source addresses whose packets are carried to an owner, the longest first; empty while the agent does not answer.")]
    public ImmutableArray<GatheringSection> Gatherings { get; init; } = [];

    [Description("Prefixes that this node announces beside its own addresses.")]
    public required ImmutableArray<string> Announced { get; init; }

    [Description("Prefixes that the configuration announces but no grant allows.")]
    public required ImmutableArray<string> AnnouncedNotGranted { get; init; }

    [Description("Each prefix that is to be announced, and who wants it; empty while the agent does not answer.")]
    public ImmutableArray<AnnouncementSection> Announcements { get; init; } = [];

    [Description("The sources of announced prefixes, and the state of each; empty while the agent does not answer.")]
    public ImmutableArray<AnnouncementSourceSection> AnnouncementSources { get; init; } = [];

    [Description("Which of wireguard, gre, dummy, vrf, vxlan, mpls and nftables this kernel has, built in or as a module.")]
    public ImmutableArray<string> KernelHas { get; init; } = [];

    [Description("Which of them it lacks; one that cannot be determined is in neither list.")]
    public ImmutableArray<string> KernelLacks { get; init; } = [];

    [Description("How far this node is drained: handing-over, least-liked, withdrawing or drained; null if it is not to be.")]
    public string? Draining { get; init; }

    [Description("Number of plans that the agent has made since it started; null while there is none, or the agent does not answer.")]
    public long? Generation { get; init; }

    [Description("Where other nodes may find this one: address and UDP port.")]
    public required ImmutableArray<string> Endpoints { get; init; }

    [Description("What the operator should know, one sentence each.")]
    public required ImmutableArray<string> Notices { get; init; }

    [Description("What is wrong, by the catalogue of docs/findings.md; at most 32 of a code are listed. Where the agent does not answer: what can be told without it.")]
    public ImmutableArray<StatusFinding> Findings { get; init; } = [];
}

internal sealed record StatusFinding
{
    [Description("Stable: programs select by it.")]
    public required string Code { get; init; }

    [Description("notice: worth knowing. warning: it may bite, or bites in part. fault: the mesh cannot work as it should.")]
    public required string Severity { get; init; }

    [Description("What it is about: a peer, a prefix, a daemon; empty: the node itself.")]
    public required string Subject { get; init; }

    [Description("What was seen, one sentence.")]
    public required string Text { get; init; }

    [Description("What to do, one sentence.")]
    public required string Advice { get; init; }

    [Description("It stands for so many of this code that are not listed; else 0.")]
    public uint More { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<NodeState>))]
internal enum NodeState
{
    [JsonStringEnumMemberName("up")] Up,
    [JsonStringEnumMemberName("degraded")] Degraded,
    [JsonStringEnumMemberName("down")] Down,
}

internal sealed record NodeSection
{
    public required string Hostname { get; init; }

    [Description("Given by the controller, never reused; 0 while unknown.")]
    public required uint Id { get; init; }
    public required string Address4 { get; init; }
    public required string Address6 { get; init; }

    [Description("Node addresses beside these two; where the agent does not answer those of its last map.")]
    public ImmutableArray<FurtherAddressSection> FurtherAddresses { get; init; } = [];

    [Description("Address of this node's end of the tunnels; never routed.")]
    public required string TunnelAddress { get; init; }
    public required uint Asn { get; init; }

    [Description("Whether it passes on others' routes; null while unknown.")]
    public required bool? Transit { get; init; }

    [Description("WireGuard's, base64.")]
    public required string PublicKey { get; init; }

    [Description("Seconds since it was made; null while unknown.")]
    public long? KeyAgeSeconds { get; init; }

    [Description("The key change that is under way; null if there is none.")]
    public KeyChangeSection? KeyChange { get; init; }

    [Description("Why the last key change was abandoned, or one that is due by age was not started; null if neither applies.")]
    public string? KeyChangeProblem { get; init; }

    [Description("UDP port of WireGuard; 0 while unknown.")]
    public required uint ListenPort { get; init; }

    [Description("When the credential expires unless it is renewed first; null while unknown.")]
    public required DateTimeOffset? CredentialExpires { get; init; }

    /// <inheritdoc cref="PeerSection.Has"/>
    public bool Has(string address) => Address4 == address || Address6 == address || FurtherAddresses.Any(further => further.Address == address);
}

internal sealed record FurtherAddressSection
{
    public required string Address { get; init; }

    [Description("What it is for, as an administrator wrote; null if nothing was written.")]
    public required string? Note { get; init; }

    public static FurtherAddressSection Of(Meshover.Contract.V1.FurtherAddress further) => new() { Address = further.Address, Note = further.Note.Length > 0 ? further.Note : null };
}

internal sealed record KeyChangeSection
{
    [Description("Base64: the new key until it is in use, then the former one.")]
    public required string OtherKey { get; init; }

    [Description("prepared: the data plane has yet to take the new key. declared: the controller has yet to tell the mesh. "
        + "in-use: the former key is kept until all peers have the new one.")]
    public required string Stage { get; init; }

    [Description("Seconds since it began.")]
    public required long AgeSeconds { get; init; }

    [Description("The other nodes of the mesh.")]
    public required uint Peers { get; init; }

    [Description("Those that have a session under the new key.")]
    public required uint Agreed { get; init; }
}

internal sealed record ControllerSection
{
    [Description("connected, connecting, unreachable, refused; unknown while the agent does not answer.")]
    public required string State { get; init; }

    [Description("host:port in use; null where none is.")]
    public required string? Address { get; init; }

    [Description("Why it is not connected.")]
    public required string? Error { get; init; }
}

internal sealed record MapSection
{
    [Description("The controller's store that the map is from; null where there is no map.")]
    public required string? StoreId { get; init; }
    public required long Revision { get; init; }

    [Description("Seconds since the controller was last heard from; null if it never was, or if the agent does not answer.")]
    public required long? AgeSeconds { get; init; }
}

internal sealed record ComponentSection
{
    public required string Name { get; init; }

    [Description("ok, starting, degraded, failed, off; unknown while nobody can tell.")]
    public required string State { get; init; }

    [Description("Such as userspace, or frr 8.4.4; null where there is nothing to say.")]
    public required string? Kind { get; init; }

    [Description("Why it is this kind, where another would be preferable; else null.")]
    public string? Reason { get; init; }

    [Description("For the userspace data plane: which build and cipher it runs, and which build this processor could run; else null.")]
    public string? Build { get; init; }

    [Description("The newest generation that it has applied without an error; null if there is none, or if it does not work by plans.")]
    public long? AppliedGeneration { get; init; }

    [Description("One sentence each.")]
    public required ImmutableArray<string> Errors { get; init; }
}

internal sealed record AnnouncementSection
{
    public required string Prefix { get; init; }

    [Description("Who wants it, by name.")]
    public required ImmutableArray<string> Sources { get; init; }

    [Description("Whether a grant allows it; if not, other nodes refuse it.")]
    public required bool Granted { get; init; }

    [Description("Not announced at the moment, because its sources or the settings say so.")]
    public required bool Withdrawn { get; init; }

    [Description("The BGP MED that it is announced with; null if none is set.")]
    public required uint? Med { get; init; }

    [Description("The BGP communities that it is announced with, such as 65000:1.")]
    public required ImmutableArray<string> Communities { get; init; }

    [Description("plain, anycast or active-standby; null if it was not declared with conditions.")]
    public string? Mode { get; init; }

    [Description("Of active-standby: active, standby or leaving; else null.")]
    public string? Role { get; init; }

    [Description("The check that it rests on, as it was written; null if it has none.")]
    public string? Check { get; init; }

    [Description("Why it is not announced, or what else there is to say; null if nothing.")]
    public string? Reason { get; init; }

    [Description("When it ends by itself; null if it stays.")]
    public DateTimeOffset? Expires { get; init; }

    [Description("settings or command; null if it was not declared with conditions.")]
    public string? DeclaredBy { get; init; }

    [Description("Its address is on an interface of this node's.")]
    public bool AddressHeld { get; init; }
}

internal sealed record AnnouncementSourceSection
{
    [Description("Such as configuration.")]
    public required string Name { get; init; }

    [Description("In words.")]
    public required string Status { get; init; }
}

internal sealed record PeerSection
{
    [Description("Empty where it is unknown (the agent does not answer and there is no map).")]
    public required string Hostname { get; init; }
    public required uint Id { get; init; }
    public required string Address4 { get; init; }
    public required string Address6 { get; init; }

    [Description("Node addresses beside these two.")]
    public ImmutableArray<FurtherAddressSection> FurtherAddresses { get; init; } = [];
    public required uint Asn { get; init; }

    [Description("The link's interface.")]
    public required string Link { get; init; }

    [Description("Where its WireGuard is reached now; null where it is not.")]
    public required string? Endpoint { get; init; }

    [Description("Seconds since WireGuard's last handshake; null: never.")]
    public required long? HandshakeAgeSeconds { get; init; }
    public required ulong RxBytes { get; init; }
    public required ulong TxBytes { get; init; }

    [Description("Over the link; null while unknown.")]
    public required double? RttMs { get; init; }

    [Description("What this end adds to the cost of the link, in units of 0.1 ms: half of what the link costs, if the other end adds as much; null while unknown.")]
    public uint? LinkCost { get; init; }

    [Description("What this end asks for, so that a link that falls silent is given up soon or late: lan (0.3 s), wan (0.9 s) or lossy (2.4 s), longer in a large mesh; of the two ends the slower one's interval holds; null while unknown.")]
    public string? BfdProfile { get; init; }

    [Description("FRR's own word, such as Established; empty where there is no session.")]
    public required string BgpState { get; init; }

    [Description("up or down: while it is down, a link that dies is noticed only after BGP's hold time; empty if it is unknown.")]
    public required string BfdState { get; init; }
    public required uint PrefixesReceived { get; init; }

    [Description("direct (its link works; packets may go another way that costs less, see `route explain`), transit (through another node) or none; unknown while the agent does not answer.")]
    public required string Path { get; init; }

    [Description("Why it is not direct; empty where it is.")]
    public required string PathReason { get; init; }

    [Description("Nothing is heard from it by any path while others are reachable: it is off or cut off. That is not a fault of this node.")]
    public bool Silent { get; init; }

    [Description("It is to be left, as it told everybody.")]
    public bool Draining { get; init; }

    [Description("Whether it passes on others' routes; null while unknown.")]
    public required bool? Transit { get; init; }

    /// <summary>Whether an address is one of its node addresses.</summary>
    public bool Has(string address) => Address4 == address || Address6 == address || FurtherAddresses.Any(further => further.Address == address);
}

internal sealed record NeighborSection
{
    [Description("Its address, or its interface where it has none.")]
    public required string Name { get; init; }
    public required uint RemoteAs { get; init; }

    [Description("FRR's own word, such as Established; empty where FRR does not know it yet.")]
    public required string BgpState { get; init; }

    [Description("Seconds since it became Established, or was it last; null: never.")]
    public required long? SinceSeconds { get; init; }

    [Description("Accepted, of both families.")]
    public required uint PrefixesReceived { get; init; }
    public required uint PrefixesSent { get; init; }

    [Description("up or down; empty where it is not watched by BFD.")]
    public required string BfdState { get; init; }

    [Description("Why there is no session, as far as it is known; else null.")]
    public required string? Error { get; init; }
}

internal sealed record GatheringSection
{
    public required string Prefix { get; init; }

    [Description("Hostname of the node that this one hands the packets to; null: none can take them.")]
    public required string? Owner { get; init; }

    [Description("here (this node has them), direct, transit (through another node) or none.")]
    public required string Path { get; init; }

    [Description("Why nobody has them, or through which nodes they go; else null.")]
    public required string? Reason { get; init; }

    [Description("Every node that gathers the range and may, in the order in which they are asked.")]
    public required ImmutableArray<GatherOwnerSection> Owners { get; init; }
}

internal sealed record GatherOwnerSection
{
    public required string Hostname { get; init; }
    public required uint Priority { get; init; }
    public required bool Usable { get; init; }

    [Description("Why it is not usable; else null.")]
    public required string? Reason { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StatusDocument))]
internal sealed partial class StatusJson : JsonSerializerContext;
