using System.Collections.Immutable;
using System.Net;

namespace Meshover.Linux.Netlink;

/// <summary>An entry of the neighbour table (ARP and NDP).</summary>
public sealed record NeighbourInfo
{
    public required int LinkIndex { get; init; }

    public required IPAddress Address { get; init; }

    /// <summary>Empty while it is not resolved.</summary>
    public ImmutableArray<byte> HardwareAddress { get; init; } = [];

    /// <summary>NUD_* (linux/neighbour.h), such as 2 reachable and 0x20 failed.</summary>
    public ushort State { get; init; }

    /// <summary>NTF_* (linux/neighbour.h).</summary>
    public byte Flags { get; init; }

    /// <summary>Somebody set it by hand: the kernel never asks whether it is so, and asked to, would forget that it is not to.</summary>
    public bool IsPermanent => (State & (Permanent | NoArp)) != 0;

    /// <summary>A control plane such as EVPN put it there (NTF_EXT_LEARNED): the neighbour is elsewhere.</summary>
    public bool IsLearnedElsewhere => (Flags & ExternallyLearned) != 0;

    /// <summary>It has answered, and has not failed to since: reachable, stale, delay, probe or permanent.</summary>
    public bool IsAlive => (State & (Reachable | Stale | Delay | Probe | Permanent)) != 0;

    /// <summary>It was not heard for a while, and nobody asks.</summary>
    public bool IsStale => (State & Stale) != 0;

    /// <summary>It is being asked, and has not answered yet.</summary>
    public bool IsProbed => (State & Probe) != 0;

    /// <summary>It was asked, and did not answer.</summary>
    public bool IsFailed => (State & Failed) != 0;

    internal const ushort Probe = 0x10;
    private const ushort Failed = 0x20;
    private const ushort Reachable = 0x02;
    private const ushort Stale = 0x04;
    private const ushort Delay = 0x08;
    private const ushort NoArp = 0x40;
    private const ushort Permanent = 0x80;
    private const byte ExternallyLearned = 0x10;
}
