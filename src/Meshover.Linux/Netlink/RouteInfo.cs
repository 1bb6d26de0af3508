using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Linux.Netlink;

/// <summary>A route, as the kernel shows it or as it is to be.</summary>
public sealed record RouteInfo
{
    /// <summary>The main table.</summary>
    public const uint MainTable = 254;

    public required IPNetwork Destination { get; init; }

    public RouteKind Kind { get; init; } = RouteKind.Unicast;

    public uint Table { get; init; } = MainTable;

    /// <summary>Who set it (rtm_protocol); see <see cref="RouteProtocols"/>.</summary>
    public byte Protocol { get; init; }

    /// <summary>rtm_scope of IPv4; null lets the kind and the gateway decide, as <c>ip route</c> does.</summary>
    public byte? Scope { get; init; }

    /// <summary>Smaller is better. The kernel makes 1024 of 0 for IPv6.</summary>
    public uint Metric { get; init; }

    public IPAddress? PreferredSource { get; init; }

    /// <summary>May be of the other family (RTA_VIA): IPv4 by an IPv6 next hop.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>Index of the outgoing link; 0 where there is none.</summary>
    public int OutputLink { get; init; }

    public NextHopFlags NextHopFlags { get; init; }

    /// <summary>More than one next hop; then <see cref="Gateway"/> and <see cref="OutputLink"/> are empty.</summary>
    public ImmutableArray<NextHop> NextHops { get; init; } = [];

    /// <summary>Path MTU of the route in bytes; 0 where there is none.</summary>
    public uint Mtu { get; init; }

    /// <summary>RTA_METRICS without the MTU (window, hop limit, lock, …), attribute for attribute as the kernel told them: to be copied unread.</summary>
    public ImmutableArray<byte> OtherMetrics { get; init; } = [];

    /// <summary>
    /// The nexthop object that it goes by (ip-nexthop(8)); 0 where it names its own. The kernel then tells the next hops as well, if
    /// net.ipv4.nexthop_compat_mode is on; a route is set by the object alone.
    /// </summary>
    public uint NextHopId { get; init; }

    /// <summary>RTA_PREF of a router advertisement's route (RFC 4191); 0 is medium.</summary>
    public byte Preference { get; init; }

    public byte TypeOfService { get; init; }

    /// <summary>Selects by source as well; a thing of IPv6.</summary>
    public IPNetwork? Source { get; init; }

    /// <summary>A copy that the kernel made for one destination (RTM_F_CLONED): never to be copied itself.</summary>
    public bool IsCached { get; init; }

    /// <summary>Its next hop encapsulates (RTA_ENCAP): what that says is not read, so such a route cannot be copied.</summary>
    public bool HasEncapsulation { get; init; }

    public bool IsIPv6 => Destination.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    public override string ToString() =>
        $"{(Kind == RouteKind.Unicast ? "" : Kind.ToString().ToLowerInvariant() + " ")}{Destination}"
        + (Gateway is null ? "" : $" via {Gateway}")
        + (OutputLink == 0 ? "" : $" dev #{OutputLink}")
        + (NextHops.IsDefaultOrEmpty ? "" : $" by {NextHops.Length} next hops")
        + (NextHopId == 0 ? "" : $" nhid {NextHopId}")
        + (Table == MainTable ? "" : $" table {Table}")
        + (Metric == 0 ? "" : $" metric {Metric}");
}

/// <summary>One of several next hops.</summary>
public readonly record struct NextHop
{
    public required int OutputLink { get; init; }

    public IPAddress? Gateway { get; init; }

    /// <summary>1 to 256.</summary>
    public required int Weight { get; init; }

    public NextHopFlags Flags { get; init; }
}

/// <summary>RTN_* (linux/rtnetlink.h).</summary>
public enum RouteKind : byte
{
    Unspecified = 0,
    Unicast = 1,
    Local = 2,
    Broadcast = 3,
    Anycast = 4,
    Multicast = 5,
    Blackhole = 6,
    Unreachable = 7,
    Prohibit = 8,
    Throw = 9,
}

/// <summary>RTNH_F_* (linux/rtnetlink.h).</summary>
[Flags]
public enum NextHopFlags : byte
{
    None = 0,
    Dead = 1,

    /// <summary>The gateway is on the link whatever the link's addresses say.</summary>
    OnLink = 4,
    LinkDown = 16,
}

/// <summary>RTPROT_* (linux/rtnetlink.h).</summary>
public static class RouteProtocols
{
    public const byte Kernel = 2;
    public const byte Boot = 3;
    public const byte Static = 4;
    public const byte RouterAdvertisement = 9;
    public const byte Zebra = 11;
    public const byte Dhcp = 16;
    public const byte Bgp = 186;
}

/// <summary>Which routes to dump; the kernel filters where it can.</summary>
public sealed record RouteFilter
{
    /// <summary>Null for both.</summary>
    public AddressFamily? Family { get; init; }

    /// <summary>0 for every table.</summary>
    public uint Table { get; init; }

    /// <summary>0 for every protocol.</summary>
    public byte Protocol { get; init; }

    /// <summary>Left out before they are parsed: a table of a large mesh holds thousands of BGP's.</summary>
    public ImmutableArray<byte> ExceptProtocols { get; init; } = [];

    /// <summary>Those of <see cref="ExceptProtocols"/> are left out only where they go by one of these links; null: always.</summary>
    public IReadOnlySet<int>? ExceptByLinks { get; init; }

    /// <summary>Only default routes and those with metrics (an MTU, …): the others are left out before they are parsed.</summary>
    public bool OnlyDefaultsAndMetrics { get; init; }
}
