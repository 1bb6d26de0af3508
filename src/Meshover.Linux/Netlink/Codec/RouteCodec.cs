using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>
/// RTM_*ROUTE (linux/rtnetlink.h):
/// <code>
/// struct rtmsg { u8 family; u8 dst_len; u8 src_len; u8 tos; u8 table; u8 protocol; u8 scope; u8 type; u32 flags; }
/// RTA_MULTIPATH: struct rtnexthop { u16 len; u8 flags; u8 hops; s32 ifindex; } + attributes, repeated;  hops is the weight less 1
/// RTA_VIA:       struct rtvia { u16 family; u8 addr[]; }
/// </code>
/// The flags of a single next hop stand in the low byte of rtm_flags.
/// </summary>
internal static class RouteCodec
{
    internal const int HeaderLength = 12;

    private const byte TableCompat = 252;
    private const byte ScopeLink = 253;
    private const byte ScopeHost = 254;
    private const byte ScopeNowhere = 255;

    internal const ushort Destination = 1;
    internal const ushort Source = 2;
    internal const ushort OutputLink = 4;
    internal const ushort Gateway = 5;
    internal const ushort Priority = 6;
    internal const ushort PreferredSource = 7;
    internal const ushort Metrics = 8;
    internal const ushort Multipath = 9;
    internal const ushort Table = 15;
    internal const ushort Via = 18;
    internal const ushort Preference = 20;
    internal const ushort EncapsulationType = 21;
    internal const ushort NextHopId = 30;
    internal const ushort MetricMtu = 2;

    /// <summary>The header's table byte: tables above 255 are in RTA_TABLE alone.</summary>
    internal static byte TableByte(uint table) => table < 256 ? (byte)table : TableCompat;

    internal static void WriteDump(ref NetlinkWriter writer, RouteFilter filter, AddressFamily family)
    {
        var header = writer.Take(HeaderLength);
        header[0] = Families.Of(family);
        header[5] = filter.Protocol;
        if (filter.Table != 0)
            writer.PutUInt32(Table, filter.Table);
    }

    internal static void Write(ref NetlinkWriter writer, RouteInfo route) =>
        Write(ref writer, route, route.Scope ?? DefaultScope(route));

    /// <summary>Deletes whatever its scope is, as <c>ip route del</c> does.</summary>
    internal static void WriteDelete(ref NetlinkWriter writer, RouteInfo route) => Write(ref writer, route, ScopeNowhere);

    internal static bool TryParse(NetlinkMessage message, RouteFilter filter, out RouteInfo route)
    {
        route = null!;
        if (!IsRoute(message))
            return false;
        var header = message.Header(HeaderLength);
        // First what costs nothing: thousands of routes may be none of ours.
        if (!filter.ExceptProtocols.IsEmpty && filter.ExceptProtocols.Contains(header[5]) && (filter.ExceptByLinks?.Contains(FindOutputLink(message)) ?? true))
            return false;
        if (filter.Protocol != 0 && filter.Protocol != header[5])
            return false;
        if (filter.OnlyDefaultsAndMetrics && header[1] != 0 && !Has(message, Metrics))
            return false;
        return TryParse(message, out route) && (filter.Table == 0 || filter.Table == route.Table);
    }

    internal static bool TryParse(NetlinkMessage message, out RouteInfo route)
    {
        route = null!;
        if (!IsRoute(message))
            return false;
        var header = message.Header(HeaderLength);
        // The multicast routing families (128, 129) and MPLS have other headers or addresses.
        if (header[0] is not (Families.IPv4 or Families.IPv6))
            return false;
        route = RouteDecoder.Decode(header, message.Attributes(HeaderLength));
        return true;
    }

    // 0 where it has several, or none.
    private static int FindOutputLink(NetlinkMessage message)
    {
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == OutputLink)
                return attribute.AsInt32();
        }

        return 0;
    }

    private static bool Has(NetlinkMessage message, ushort type)
    {
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == type)
                return true;
        }

        return false;
    }

    private static bool IsRoute(NetlinkMessage message) => message.Type is MessageType.NewRoute or MessageType.DeleteRoute;

    private static void Write(ref NetlinkWriter writer, RouteInfo route, byte scope)
    {
        var header = writer.Take(HeaderLength);
        header[0] = Families.Of(route.Destination.BaseAddress);
        header[1] = (byte)route.Destination.PrefixLength;
        header[2] = (byte)(route.Source?.PrefixLength ?? 0);
        header[3] = route.TypeOfService;
        header[4] = TableByte(route.Table);
        header[5] = route.Protocol;
        header[6] = scope;
        header[7] = (byte)route.Kind;
        if (route.NextHopId == 0)
            BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)(route.NextHopFlags & NextHopFlags.OnLink));
        writer.PutUInt32(Table, route.Table);
        if (route.Destination.PrefixLength != 0)
            writer.PutAddress(Destination, route.Destination.BaseAddress);
        if (route.Source is { } source)
            writer.PutAddress(Source, source.BaseAddress);
        if (route.Metric != 0)
            writer.PutUInt32(Priority, route.Metric);
        if (route.PreferredSource is { } preferred)
            writer.PutAddress(PreferredSource, preferred);
        WriteNextHops(ref writer, route);
        WriteExtras(ref writer, route);
    }

    private static void WriteNextHops(ref NetlinkWriter writer, RouteInfo route)
    {
        if (route.NextHopId != 0)
        {
            writer.PutUInt32(NextHopId, route.NextHopId);
            return;
        }

        if (route.OutputLink != 0)
            writer.PutInt32(OutputLink, route.OutputLink);
        WriteGateway(ref writer, route.Gateway, Families.Of(route.Destination.BaseAddress));
        if (route.NextHops.IsDefaultOrEmpty)
            return;
        var multipath = writer.BeginNested(Multipath);
        foreach (var hop in route.NextHops)
            WriteNextHop(ref writer, hop, Families.Of(route.Destination.BaseAddress));
        writer.EndNested(multipath);
    }

    private static void WriteNextHop(ref NetlinkWriter writer, NextHop hop, byte family)
    {
        var mark = writer.BeginRecord(8, out var header);
        header[2] = (byte)(hop.Flags & NextHopFlags.OnLink);
        header[3] = (byte)(hop.Weight - 1);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], hop.OutputLink);
        WriteGateway(ref writer, hop.Gateway, family);
        writer.EndNested(mark);
    }

    private static void WriteGateway(ref NetlinkWriter writer, IPAddress? gateway, byte family)
    {
        if (gateway is null)
            return;
        if (Families.Of(gateway) == family)
        {
            writer.PutAddress(Gateway, gateway);
            return;
        }

        Span<byte> via = stackalloc byte[18];
        BinaryPrimitives.WriteUInt16LittleEndian(via, Families.Of(gateway));
        _ = gateway.TryWriteBytes(via[2..], out var length);
        writer.PutBytes(Via, via[..(2 + length)]);
    }

    private static void WriteExtras(ref NetlinkWriter writer, RouteInfo route)
    {
        if (route.Preference != 0)
            writer.PutByte(Preference, route.Preference);
        if (route.Mtu == 0 && route.OtherMetrics.IsDefaultOrEmpty)
            return;
        var metrics = writer.BeginNested(Metrics);
        if (route.Mtu != 0)
            writer.PutUInt32(MetricMtu, route.Mtu);
        var others = new AttributeReader(route.OtherMetrics.AsSpan());
        while (others.TryRead(out var metric))
            writer.PutBytes(metric.Type, metric.Value);
        writer.EndNested(metrics);
    }

    private static byte DefaultScope(RouteInfo route) => route.Kind switch
    {
        RouteKind.Local => ScopeHost,
        RouteKind.Broadcast or RouteKind.Multicast or RouteKind.Anycast => ScopeLink,
        RouteKind.Unicast when route.Gateway is null && route.NextHops.IsDefaultOrEmpty && !route.IsIPv6 => ScopeLink,
        _ => 0,
    };
}
