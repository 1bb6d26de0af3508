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
}
