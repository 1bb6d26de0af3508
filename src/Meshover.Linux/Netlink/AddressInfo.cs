using System.Net;

namespace Meshover.Linux.Netlink;

/// <summary>An address of a link, as the kernel shows it or as it is to be.</summary>
public sealed record AddressInfo
{
    public required int LinkIndex { get; init; }

    /// <summary>The machine's own address (IFA_LOCAL).</summary>
    public required IPAddress Address { get; init; }

    public required int PrefixLength { get; init; }

    public AddressFlags Flags { get; init; }

    /// <summary>0 global, 253 link, 254 host.</summary>
    public byte Scope { get; init; }

    /// <summary>IFA_PROTO: who set it (kernel 5.18 and later; else 0).</summary>
    public byte Protocol { get; init; }

    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <summary>IFA_F_* (linux/if_addr.h).</summary>
[Flags]
public enum AddressFlags : uint
{
    None = 0,

    /// <summary>For IPv6 a temporary address, for IPv4 a secondary one.</summary>
    Temporary = 0x01,

    /// <summary>Usable at once, without duplicate address detection.</summary>
    NoDad = 0x02,
    DadFailed = 0x08,
    Deprecated = 0x20,
    Tentative = 0x40,
    Permanent = 0x80,

    /// <summary>The kernel makes no route for its prefix.</summary>
    NoPrefixRoute = 0x200,
}
