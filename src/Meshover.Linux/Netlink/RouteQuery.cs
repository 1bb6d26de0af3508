using System.Net;

namespace Meshover.Linux.Netlink;

/// <summary>Which way the kernel would send something (RTM_GETROUTE).</summary>
/// <param name="Destination">Where to.</param>
public sealed record RouteQuery(IPAddress Destination)
{
    /// <summary>The sender's address; null lets the kernel choose.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Index of the link that the packet comes in by; 0: this machine sends it, so that the source must be its own.</summary>
    public int InputLink { get; init; }

    /// <summary>Index of the link to leave by; 0 for any.</summary>
    public int OutputLink { get; init; }

    /// <summary>The packet's firewall mark, which rules may ask for.</summary>
    public uint Mark { get; init; }
}
