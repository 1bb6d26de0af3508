using Meshover.Linux.Netlink;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>What the kernel was seen to be, as far as it concerns us.</summary>
internal sealed record KernelState
{
    public required IReadOnlyList<LinkInfo> Links { get; init; }

    public required IReadOnlyList<AddressInfo> Addresses { get; init; }

    /// <summary>The main table without BGP's routes: the underlay's own, and ours.</summary>
    public required IReadOnlyList<RouteInfo> MainRoutes { get; init; }

    /// <summary>All of the table that mirrors the underlay.</summary>
    public required IReadOnlyList<RouteInfo> MirrorRoutes { get; init; }

    public required IReadOnlyList<RuleInfo> Rules { get; init; }

    /// <summary>net.ipv4.conf.all.forwarding; null where it cannot be read.</summary>
    public required string? Forwarding4 { get; init; }

    /// <summary>net.ipv6.conf.all.forwarding; null where the kernel has no IPv6.</summary>
    public required string? Forwarding6 { get; init; }

    /// <summary>net.ipv4.conf.all.rp_filter.</summary>
    public required int RpFilterAll { get; init; }

    /// <summary>Those of <see cref="NeighbourTables.Keys"/> that this namespace has, with their values.</summary>
    public required IReadOnlyDictionary<string, int> NeighbourLimits { get; init; }

    /// <summary>Our table of the firewall stands as it should.</summary>
    public required bool FirewallStands { get; init; }
}
