using System.Buffers.Binary;
using System.Collections.Immutable;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>
/// RTM_*LINK (linux/rtnetlink.h, linux/if_link.h):
/// <code>
/// struct ifinfomsg { u8 family; u8 pad; u16 type; s32 index; u32 flags; u32 change; }
/// IFLA_LINKINFO { IFLA_INFO_KIND, IFLA_INFO_DATA { VETH_INFO_PEER { ifinfomsg, attributes } } }
/// IFLA_LINKINFO { IFLA_INFO_KIND, IFLA_INFO_DATA { IFLA_GRE_* } }, see <see cref="GreCodec"/>
/// IFLA_AF_SPEC  { AF_INET { IFLA_INET_CONF }, AF_INET6 { IFLA_INET6_CONF, IFLA_INET6_ADDR_GEN_MODE } }
/// IFLA_INET_CONF: u32[], by IPV4_DEVCONF_* less 1 (linux/ip.h); IFLA_INET6_CONF: s32[], by DEVCONF_* (linux/ipv6.h)
/// </code>
/// </summary>
internal static class LinkCodec
{
    internal const int HeaderLength = 16;

    private const ushort HardwareAddress = 1;
    private const ushort Name = 3;
    private const ushort Mtu = 4;
    private const ushort Link = 5;
    private const ushort Master = 10;
    private const ushort LinkInfoNest = 18;
    private const ushort Alias = 20;
    private const ushort AfSpec = 26;
    private const ushort NamespaceFd = 28;
    private const ushort ExtendedMask = 29;
    private const ushort TransmitQueues = 31;
    private const uint SkipStatistics = 8;
    private const ushort InfoKind = 1;
    private const ushort InfoData = 2;
    private const ushort VethPeer = 1;
    private const ushort Conf4 = 1;
    private const ushort Conf6 = 2;
    private const int AcceptRedirects4 = 3;
    private const int RpFilter4 = 7;
    private const ushort AddressGenerationMode = 8;

    /// <summary>Without the counters, which are most of a link's message.</summary>
    internal static void WriteDump(ref NetlinkWriter writer)
    {
        writer.Take(HeaderLength);
        writer.PutUInt32(ExtendedMask, SkipStatistics);
    }

    internal static void WriteFind(ref NetlinkWriter writer, string name)
    {
        WriteDump(ref writer);
        writer.PutString(Name, name);
    }

    internal static void WriteName(ref NetlinkWriter writer, string name)
    {
        writer.Take(HeaderLength);
        writer.PutString(Name, name);
    }

    internal static void WriteCreate(ref NetlinkWriter writer, LinkSpec link, int? namespaceFd, int? peerNamespaceFd)
    {
        if (link.IsProbe)
        {
            writer.Take(HeaderLength);
            writer.PutUInt32(TransmitQueues, 0);
        }
        else
        {
            WriteName(ref writer, link.Name);
        }

        if (link.Mtu != 0)
            writer.PutInt32(Mtu, link.Mtu);
        if (namespaceFd is { } number)
            writer.PutInt32(NamespaceFd, number);
        var info = writer.BeginNested(LinkInfoNest);
        writer.PutString(InfoKind, link.Kind.ToString().ToLowerInvariant());
        if (link.Kind == LinkKind.Veth)
            WriteVethPeer(ref writer, link, peerNamespaceFd);
        if (link.Gre is { } tunnel)
            WriteGre(ref writer, tunnel);
        writer.EndNested(info);
    }

    internal static void WriteChange(ref NetlinkWriter writer, int index, string name, LinkChange change, int? master, int? namespaceFd)
    {
        var header = writer.Take(HeaderLength);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        var (flags, mask) = FlagsOf(change);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)mask);
        writer.PutString(Name, change.NewName ?? name);
        if (change.Mtu is { } mtu)
            writer.PutInt32(Mtu, mtu);
        if (change.Alias is { } alias)
            writer.PutBytes(Alias, System.Text.Encoding.UTF8.GetBytes(alias));
        if (master is { } masterIndex)
            writer.PutInt32(Master, masterIndex);
        if (namespaceFd is { } number)
            writer.PutInt32(NamespaceFd, number);
        if (change is not { Ipv4: null, AddressGeneration: null })
            WriteFamilies(ref writer, change);
        if (change.Gre is { } tunnel)
        {
            var info = writer.BeginNested(LinkInfoNest);
            writer.PutString(InfoKind, GreCodec.Kind);
            WriteGre(ref writer, tunnel);
            writer.EndNested(info);
        }
    }

    internal static bool TryParse(NetlinkMessage message, out LinkInfo link)
    {
        link = null!;
        if (message.Type is not (MessageType.NewLink or MessageType.DeleteLink))
            return false;
        var header = message.Header(HeaderLength);
        var parsed = new LinkInfo
        {
            Index = BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            Flags = (LinkFlags)BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
            Name = "",
        };
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
            parsed = Apply(parsed, attribute);
        link = parsed;
        // Bridge ports are told a second time under AF_BRIDGE, without most attributes.
        return header[0] == Families.Unspecified;
    }

    /// <summary>RTNLGRP_IPV6_IFINFO: a message of its own kind, of the family AF_INET6, about a link that is told whole elsewhere.</summary>
    internal static bool TryParseIpv6Settings(NetlinkMessage message, out int index)
    {
        var header = message.Header(HeaderLength);
        index = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        return header[0] == Families.IPv6;
    }

    private static LinkInfo Apply(LinkInfo link, NetlinkAttribute attribute) => attribute.Type switch
    {
        HardwareAddress => link with { HardwareAddress = [.. attribute.Value] },
        Name => link with { Name = attribute.AsString() },
        Mtu => link with { Mtu = attribute.AsInt32() },
        Link => link with { PeerIndex = attribute.AsInt32() },
        Master => link with { MasterIndex = attribute.AsInt32() },
        Alias => link with { Alias = attribute.AsString() },
        LinkInfoNest => ReadInfo(link, attribute.Nested),
        AfSpec => ReadFamilies(link, attribute.Nested),
        _ => link,
    };

    // The kernel puts the kind before the data.
    private static LinkInfo ReadInfo(LinkInfo link, AttributeReader info)
    {
        while (info.TryRead(out var attribute))
        {
            link = attribute.Type switch
            {
                InfoKind => link with { Kind = attribute.AsString() },
                InfoData when link.Kind == GreCodec.Kind => link with { Gre = GreCodec.Read(attribute.Nested) },
                _ => link,
            };
        }

        return link;
    }

    private static LinkInfo ReadFamilies(LinkInfo link, AttributeReader families)
    {
        while (families.TryRead(out var family))
        {
            link = family.Type switch
            {
                Families.IPv4 => ReadIpv4(link, family.Nested),
                Families.IPv6 => ReadIpv6(link, family.Nested),
                _ => link,
            };
        }

        return link;
    }

    private static LinkInfo ReadIpv4(LinkInfo link, AttributeReader settings)
    {
        const int forwarding = 0;
        while (settings.TryRead(out var setting))
        {
            if (setting.Type == Conf4)
                link = link with { Ipv4 = new LinkIpv4Settings(Entry(setting, forwarding), Entry(setting, RpFilter4), Entry(setting, AcceptRedirects4)) };
        }

        return link;
    }

    private static LinkInfo ReadIpv6(LinkInfo link, AttributeReader settings)
    {
        const int forwarding = 0, mtu = 2, acceptRa = 3, acceptRedirects = 4, disableIpv6 = 26;
        while (settings.TryRead(out var setting))
        {
            link = setting.Type switch
            {
                Conf6 => link with
                {
                    Ipv6 = new LinkIpv6Settings(
                        Entry(setting, forwarding), Entry(setting, acceptRa), Entry(setting, acceptRedirects), Entry(setting, disableIpv6), Entry(setting, mtu)),
                },
                AddressGenerationMode => link with { AddressGeneration = (AddressGenerationMode)setting.AsByte() },
                _ => link,
            };
        }

        return link;
    }

    // Kernels append to these arrays; a shorter one than we know is malformed.
    private static int Entry(NetlinkAttribute array, int index) =>
        array.Value.Length >= 4 * (index + 1)
            ? BinaryPrimitives.ReadInt32LittleEndian(array.Value[(4 * index)..])
            : throw new NetlinkFormatException($"a table of interface settings has only {array.Value.Length} bytes");

    private static void WriteVethPeer(ref NetlinkWriter writer, LinkSpec link, int? peerNamespaceFd)
    {
        var data = writer.BeginNested(InfoData);
        var peer = writer.BeginNested(VethPeer);
        WriteName(ref writer, link.PeerName ?? throw new ArgumentException($"veth {link.Name} has no name for its other end", nameof(link)));
        if (link.Mtu != 0)
            writer.PutInt32(Mtu, link.Mtu);
        if (peerNamespaceFd is { } number)
            writer.PutInt32(NamespaceFd, number);
        writer.EndNested(peer);
        writer.EndNested(data);
    }

    private static (LinkFlags Flags, LinkFlags Mask) FlagsOf(LinkChange change)
    {
        var (flags, mask) = (LinkFlags.None, LinkFlags.None);
        foreach (var (flag, value) in (ReadOnlySpan<(LinkFlags, bool?)>)[(LinkFlags.Up, change.Up), (LinkFlags.Multicast, change.Multicast)])
        {
            mask |= value is null ? LinkFlags.None : flag;
            flags |= value is true ? flag : LinkFlags.None;
        }

        return (flags, mask);
    }

    private static void WriteGre(ref NetlinkWriter writer, GreTunnel tunnel)
    {
        var data = writer.BeginNested(InfoData);
        GreCodec.Write(ref writer, tunnel);
        writer.EndNested(data);
    }

    private static void WriteFamilies(ref NetlinkWriter writer, LinkChange change)
    {
        var spec = writer.BeginNested(AfSpec | NetlinkWriter.NestedFlag);
        if (change.Ipv4 is { } settings)
            WriteIpv4(ref writer, settings);
        if (change.AddressGeneration is { } mode)
        {
            var family = writer.BeginNested(Families.IPv6 | NetlinkWriter.NestedFlag);
            writer.PutByte(AddressGenerationMode, (byte)mode);
            writer.EndNested(family);
        }
        writer.EndNested(spec);
    }

    // Told as an array, set as attributes: by the number of the setting, which is its place in the array and 1.
    private static void WriteIpv4(ref NetlinkWriter writer, LinkIpv4Change settings)
    {
        var family = writer.BeginNested(Families.IPv4 | NetlinkWriter.NestedFlag);
        var conf = writer.BeginNested(Conf4 | NetlinkWriter.NestedFlag);
        writer.PutInt32(AcceptRedirects4 + 1, settings.AcceptRedirects);
        writer.PutInt32(RpFilter4 + 1, settings.RpFilter);
        writer.EndNested(conf);
        writer.EndNested(family);
    }
}
