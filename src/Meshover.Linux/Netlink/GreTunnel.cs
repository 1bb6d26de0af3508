using System.Net;

namespace Meshover.Linux.Netlink;

/// <summary>What makes a <c>gre</c> device one end of a tunnel over IPv4 (IFLA_GRE_*, linux/if_tunnel.h).</summary>
public sealed record GreTunnel
{
    /// <summary>The link that carries it; 0 for whichever the routes say.</summary>
    public int LowerIndex { get; init; }

    public required IPAddress Local { get; init; }

    public required IPAddress Remote { get; init; }

    /// <summary>Of outer packets; 0 takes over that of the inner ones.</summary>
    public byte TimeToLive { get; init; }

    /// <summary>It has a key, a checksum or sequence numbers. Read only: we make none of these.</summary>
    public bool HasOptions { get; init; }
}
