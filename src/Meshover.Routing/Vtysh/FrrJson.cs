using System.Text.Json.Serialization;

namespace Meshover.Routing.Vtysh;

/// <summary><c>show bgp summary json</c>: one object for each address family, missing where it has no neighbour.</summary>
internal sealed record BgpSummary
{
    [JsonPropertyName("ipv4Unicast")] public BgpFamily? Ipv4 { get; init; }
    [JsonPropertyName("ipv6Unicast")] public BgpFamily? Ipv6 { get; init; }
}

internal sealed record BgpFamily
{
    [JsonPropertyName("peers")] public Dictionary<string, BgpPeer> Peers { get; init; } = [];
}

internal sealed record BgpPeer
{
    [JsonPropertyName("state")] public string State { get; init; } = "";
    [JsonPropertyName("pfxRcd")] public int PrefixesReceived { get; init; }
    [JsonPropertyName("peerUptimeMsec")] public long UptimeMs { get; init; }
}

/// <summary>One of <c>show bfd peers json</c>.</summary>
internal sealed record BfdPeer
{
    [JsonPropertyName("interface")] public string? Interface { get; init; }
    [JsonPropertyName("status")] public string? Status { get; init; }
}

/// <summary>One of <c>show interface json</c>.</summary>
internal sealed record ZebraInterface
{
    [JsonPropertyName("ipAddresses")] public List<ZebraAddress> Addresses { get; init; } = [];
}

internal sealed record ZebraAddress
{
    [JsonPropertyName("address")] public string Address { get; init; } = "";
}

[JsonSerializable(typeof(BgpSummary))]
[JsonSerializable(typeof(Dictionary<string, ZebraInterface>))]
[JsonSerializable(typeof(List<BfdPeer>))]
internal sealed partial class FrrJson : JsonSerializerContext;
