using System.Collections.Immutable;

namespace Meshover.Linux.Netlink;

/// <summary>A network interface as the kernel shows it.</summary>
public sealed record LinkInfo
{
    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>IFLA_INFO_KIND, such as <c>veth</c> or <c>tun</c>; empty for a physical device and for <c>lo</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>ifalias; empty where there is none.</summary>
    public string Alias { get; init; } = "";

    public LinkFlags Flags { get; init; }

    /// <summary>Bytes.</summary>
    public int Mtu { get; init; }

    /// <summary>Index of the bridge or VRF that it belongs to; 0 where none.</summary>
    public int MasterIndex { get; init; }

    /// <summary>IFLA_LINK: of a veth the index of its other end (perhaps in another namespace), of a tunnel its lower device; 0 where none.</summary>
    public int PeerIndex { get; init; }

    /// <summary>Hardware address; empty where the device has none (a TUN).</summary>
    public ImmutableArray<byte> HardwareAddress { get; init; } = [];

    /// <summary>Of a link of kind <c>gre</c>; else null.</summary>
    public GreTunnel? Gre { get; init; }

    /// <summary>How the kernel makes its IPv6 link-local address; null where IPv6 is off.</summary>
    public AddressGenerationMode? AddressGeneration { get; init; }

    /// <summary>Its settings of net.ipv4.conf; null where IPv4 is off.</summary>
    public LinkIpv4Settings? Ipv4 { get; init; }

    /// <summary>Its settings of net.ipv6.conf; null where IPv6 is off.</summary>
    public LinkIpv6Settings? Ipv6 { get; init; }

    public bool IsUp => Flags.HasFlag(LinkFlags.Up);

    /// <summary>Has a carrier (IFF_LOWER_UP).</summary>
    public bool HasCarrier => Flags.HasFlag(LinkFlags.LowerUp);

    public override string ToString() => $"{Name} (#{Index})";
}

/// <summary>net.ipv4.conf.LINK, told with the link itself: no file is read for them.</summary>
public sealed record LinkIpv4Settings(int Forwarding, int RpFilter, int AcceptRedirects);

/// <summary>net.ipv6.conf.LINK, told with the link itself.</summary>
/// <param name="Mtu">Of IPv6 on it, in bytes, as a router advertised it; 0 where it is not known.</param>
public sealed record LinkIpv6Settings(int Forwarding, int AcceptRa, int AcceptRedirects, int DisableIpv6, int Mtu = 0);

/// <summary>IFF_* (linux/if.h), those of use here.</summary>
[Flags]
public enum LinkFlags : uint
{
    None = 0,
    Up = 1,
    Broadcast = 2,
    Loopback = 8,
    PointToPoint = 0x10,
    Running = 0x40,
    Multicast = 0x1000,
    LowerUp = 0x10000,
}

/// <summary>IN6_ADDR_GEN_MODE_* (linux/if_link.h).</summary>
public enum AddressGenerationMode : byte
{
    Eui64 = 0,
    None = 1,
    StablePrivacy = 2,
    Random = 3,
}
