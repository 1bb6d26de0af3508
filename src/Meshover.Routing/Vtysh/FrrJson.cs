using System.Text.Json.Serialization;

namespace Meshover.Routing.Vtysh;

// 'set', not 'init': the serializer's generated code takes the default of an 'init' member away where the text lacks it.

/// <summary><c>show bgp summary json</c>: one object for each address family, missing where it has no neighbour.</summary>
internal sealed record BgpSummary
{
    [JsonPropertyName("ipv4Unicast")] public BgpFamily? Ipv4 { get; set; }
    [JsonPropertyName("ipv6Unicast")] public BgpFamily? Ipv6 { get; set; }
}

internal sealed record BgpFamily
{
    [JsonPropertyName("as")] public uint As { get; set; }

    /// <summary>Nodes of the table's tree: at most two for each prefix that is kept, refused ones too.</summary>
    [JsonPropertyName("ribCount")] public long RibCount { get; set; }
    [JsonPropertyName("peers")] public Dictionary<string, BgpPeer> Peers { get; set; } = [];
}

internal sealed record BgpPeer
{
    [JsonPropertyName("state")] public string State { get; set; } = "";
    [JsonPropertyName("pfxRcd")] public int PrefixesReceived { get; set; }
    [JsonPropertyName("pfxSnt")] public int PrefixesSent { get; set; }
    [JsonPropertyName("peerUptimeMsec")] public long UptimeMs { get; set; }
    [JsonPropertyName("msgRcvd")] public long MessagesReceived { get; set; }
    [JsonPropertyName("connectionsEstablished")] public int TimesEstablished { get; set; }
}

/// <summary><c>show bgp FAMILY unicast PREFIX json</c>.</summary>
internal sealed record BgpPrefix
{
    [JsonPropertyName("paths")] public List<BgpPath> Paths { get; set; } = [];
}

internal sealed record BgpPath
{
    [JsonPropertyName("valid")] public bool? IsValid { get; set; }
    [JsonPropertyName("aspath")] public BgpAsPath? AsPath { get; set; }

    /// <summary>MED; missing where the path has none.</summary>
    [JsonPropertyName("metric")] public uint? Metric { get; set; }

    /// <summary>Missing where another is better.</summary>
    [JsonPropertyName("bestpath")] public BgpBestPath? Best { get; set; }

    /// <summary>One of several that are as good; missing where it is not.</summary>
    [JsonPropertyName("multipath")] public bool? IsMultipath { get; set; }
    [JsonPropertyName("community")] public BgpCommunities? Community { get; set; }
    [JsonPropertyName("largeCommunity")] public BgpCommunities? LargeCommunity { get; set; }

    /// <summary>Who told it.</summary>
    [JsonPropertyName("peer")] public BgpPathPeer? Peer { get; set; }
}

internal sealed record BgpPathPeer
{
    /// <summary>Its address; 0.0.0.0 or :: is bgpd itself.</summary>
    [JsonPropertyName("peerId")] public string? Id { get; set; }

    /// <summary>Of a neighbour that is known by an interface alone.</summary>
    [JsonPropertyName("interface")] public string? Interface { get; set; }
}

internal sealed record BgpBestPath
{
    [JsonPropertyName("overall")] public bool IsBest { get; set; }
}

internal sealed record BgpAsPath
{
    /// <summary>None of one's own path.</summary>
    [JsonPropertyName("segments")] public List<BgpAsSegment> Segments { get; set; } = [];
}

internal sealed record BgpAsSegment
{
    [JsonPropertyName("list")] public List<uint> List { get; set; } = [];
}

internal sealed record BgpCommunities
{
    /// <summary>With spaces between them.</summary>
    [JsonPropertyName("string")] public string? Text { get; set; }
}

/// <summary><c>show bgp FAMILY unicast neighbors X prefix-counts json</c>.</summary>
internal sealed record BgpPrefixCounts
{
    [JsonPropertyName("ribTableWalkCounters")] public BgpTableCounts Table { get; set; } = new();
}

internal sealed record BgpTableCounts
{
    /// <summary>What the neighbour sent, taken and refused.</summary>
    [JsonPropertyName("Adj-in")] public long Received { get; set; }
}

/// <summary>One of <c>show bgp neighbors json</c>: why it had no session, or lost it, the last time.</summary>
internal sealed record BgpNeighbor
{
    /// <summary>FRR's words, such as "BGP Notification received", "Waiting for NHT".</summary>
    [JsonPropertyName("lastResetDueTo")] public string ResetDueTo { get; set; } = "";

    /// <summary>Of a notification, such as "OPEN Message Error/Bad Peer AS".</summary>
    [JsonPropertyName("lastNotificationReason")] public string NotificationReason { get; set; } = "";
}

/// <summary>One of <c>show bfd peers json</c>.</summary>
internal sealed record BfdPeer
{
    [JsonPropertyName("peer")] public string? Peer { get; set; }
    [JsonPropertyName("interface")] public string? Interface { get; set; }
    [JsonPropertyName("status")] public string? Status { get; set; }
}

/// <summary>One of <c>show interface json</c>.</summary>
internal sealed record ZebraInterface
{
    [JsonPropertyName("ipAddresses")] public List<ZebraAddress> Addresses { get; set; } = [];
}

internal sealed record ZebraAddress
{
    [JsonPropertyName("address")] public string Address { get; set; } = "";
}

/// <summary>One of <c>show ip route json</c>, of each prefix.</summary>
internal sealed record ZebraRoute
{
    [JsonPropertyName("protocol")] public string Protocol { get; set; } = "";
    [JsonPropertyName("selected")] public bool Selected { get; set; }
    [JsonPropertyName("installed")] public bool Installed { get; set; }
    [JsonPropertyName("queued")] public bool IsQueued { get; set; }
    [JsonPropertyName("nexthops")] public List<ZebraNextHop> NextHops { get; set; } = [];
}

internal sealed record ZebraNextHop
{
    [JsonPropertyName("interfaceName")] public string? Interface { get; set; }
}

[JsonSerializable(typeof(Dictionary<string, List<ZebraRoute>>))]
[JsonSerializable(typeof(BgpSummary))]
[JsonSerializable(typeof(BgpPrefix))]
[JsonSerializable(typeof(BgpNeighbor))]
[JsonSerializable(typeof(BgpPrefixCounts))]
[JsonSerializable(typeof(Dictionary<string, ZebraInterface>))]
[JsonSerializable(typeof(List<BfdPeer>))]
internal sealed partial class FrrJson : JsonSerializerContext;
