using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink.Wire;
using static Meshover.Linux.Netlink.Codec.RouteCodec;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>The reading half of <see cref="RouteCodec"/>.</summary>
internal static class RouteDecoder
{
    private const uint FlagCloned = 0x200;

    internal static RouteInfo Decode(ReadOnlySpan<byte> header, AttributeReader attributes)
    {
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        var route = new RouteInfo
        {
            Destination = default,
            Table = header[4],
            Protocol = header[5],
            Scope = header[6],
            Kind = (RouteKind)header[7],
            TypeOfService = header[3],
            NextHopFlags = (NextHopFlags)(byte)flags,
            IsCached = (flags & FlagCloned) != 0,
        };
        IPAddress? destination = null;
        IPAddress? source = null;
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Destination)
                destination = attribute.AsAddress();
            else if (attribute.Type == Source)
                source = attribute.AsAddress();
            else
                route = Apply(route, attribute);
        }

        return route with
        {
            Destination = Families.Prefix(destination, header[1], header[0]),
            Source = header[2] == 0 ? null : Families.Prefix(source, header[2], header[0]),
        };
    }

    private static RouteInfo Apply(RouteInfo route, NetlinkAttribute attribute) => attribute.Type switch
    {
        OutputLink => route with { OutputLink = attribute.AsInt32() },
        Gateway => route with { Gateway = attribute.AsAddress() },
        Via => route with { Gateway = ReadVia(attribute.Value) },
        Priority => route with { Metric = attribute.AsUInt32() },
        PreferredSource => route with { PreferredSource = attribute.AsAddress() },
        Table => route with { Table = attribute.AsUInt32() },
        Preference => route with { Preference = attribute.AsByte() },
        Metrics => route with { Mtu = ReadMtu(attribute.Nested), OtherMetrics = ReadOtherMetrics(attribute.Value) },
        NextHopId => route with { NextHopId = attribute.AsUInt32() },
        Multipath => route with { NextHops = [.. ReadNextHops(attribute.Value)] },
        EncapsulationType => route with { HasEncapsulation = true },
        _ => route,
    };

    private static IPAddress ReadVia(ReadOnlySpan<byte> value) =>
        value.Length is 6 or 18 ? new IPAddress(value[2..]) : throw new NetlinkFormatException($"RTA_VIA has {value.Length} bytes");

    private static uint ReadMtu(AttributeReader metrics)
    {
        uint mtu = 0;
        while (metrics.TryRead(out var metric))
        {
            if (metric.Type == MetricMtu)
                mtu = metric.AsUInt32();
        }

        return mtu;
    }

    // All but the MTU, with their headers.
    private static ImmutableArray<byte> ReadOtherMetrics(ReadOnlySpan<byte> metrics)
    {
        const int headerLength = 4;
        var others = ImmutableArray.CreateBuilder<byte>();
        while (metrics.Length >= headerLength)
        {
            var length = NetlinkWriter.Align(BinaryPrimitives.ReadUInt16LittleEndian(metrics));
            if (length < headerLength || length > metrics.Length)
                break; // ReadMtu has complained
            if (BinaryPrimitives.ReadUInt16LittleEndian(metrics[2..]) != MetricMtu)
                others.AddRange(metrics[..length]);
            metrics = metrics[length..];
        }

        return others.ToImmutable();
    }

    private static List<NextHop> ReadNextHops(ReadOnlySpan<byte> value)
    {
        var hops = new List<NextHop>();
        while (!value.IsEmpty)
        {
            if (value.Length < 8)
                throw new NetlinkFormatException($"{value.Length} bytes where a next hop belongs");
            int length = BinaryPrimitives.ReadUInt16LittleEndian(value);
            if (length < 8 || length > value.Length)
                throw new NetlinkFormatException($"a next hop says it has {length} bytes, of which {value.Length} are there");
            hops.Add(ReadNextHop(value[..length]));
            value = value[Math.Min(NetlinkWriter.Align(length), value.Length)..];
        }

        return hops;
    }

    private static NextHop ReadNextHop(ReadOnlySpan<byte> value)
    {
        IPAddress? gateway = null;
        var attributes = new AttributeReader(value[8..]);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Gateway)
                gateway = attribute.AsAddress();
            else if (attribute.Type == Via)
                gateway = ReadVia(attribute.Value);
        }

        return new NextHop
        {
            OutputLink = BinaryPrimitives.ReadInt32LittleEndian(value[4..]),
            Weight = value[3] + 1,
            Flags = (NextHopFlags)value[2],
            Gateway = gateway,
        };
    }
}
