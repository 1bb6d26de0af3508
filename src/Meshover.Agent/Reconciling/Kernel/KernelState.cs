using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Linux.Netlink;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>What the kernel was seen to be, as far as it concerns us.</summary>
internal sealed record KernelState
{
    public required IReadOnlyList<LinkInfo> Links { get; init; }

    public required IReadOnlyList<AddressInfo> Addresses { get; init; }

    /// <summary>
    /// The main table without the mesh's learned routes: the underlay's own, and ours. In a later pass only those whose destination may need
    /// a look, see <see cref="RouteBook"/>: of a destination all or none.
    /// </summary>
    public required IReadOnlyList<RouteInfo> MainRoutes { get; init; }

    /// <summary>Of the table that mirrors the underlay, those of the same destinations.</summary>
    public required IReadOnlyList<RouteInfo> MirrorRoutes { get; init; }

    /// <summary>Those of the tables beside main that somebody else's rules look into.</summary>
    public IReadOnlyList<RouteInfo> OtherRoutes { get; init; } = [];

    /// <summary>What concerns gathering.</summary>
    public GatherState Gather { get; init; } = GatherState.Nothing;

    public required IReadOnlyList<RuleInfo> Rules { get; init; }

    /// <summary>net.ipv4.conf.all.forwarding; null where it cannot be read.</summary>
    public required string? Forwarding4 { get; init; }

    /// <summary>net.ipv6.conf.all.forwarding; null where the kernel has no IPv6.</summary>
    public required string? Forwarding6 { get; init; }

    /// <summary>Forwarding of IPv6 is on because we turned it on: until then router advertisements were heard.</summary>
    public bool IsForwarding6Ours { get; init; }

    /// <summary>net.ipv4.conf.all.rp_filter.</summary>
    public required int RpFilterAll { get; init; }

    /// <summary>Those of <see cref="NeighbourTables.Keys"/> that this namespace has, with their values.</summary>
    public required IReadOnlyDictionary<string, int> NeighbourLimits { get; init; }

    /// <summary>Those of <see cref="WorkloadSysctls"/> that the planned interfaces have, with their values.</summary>
    public IReadOnlyDictionary<string, string> WorkloadSysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Our table of the firewall stands as it should; where none is wanted: there is one.</summary>
    public required bool FirewallStands { get; init; }
}
