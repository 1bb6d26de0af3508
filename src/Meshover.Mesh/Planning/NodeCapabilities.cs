using System.Collections.Immutable;

namespace Meshover.Mesh.Planning;

/// <summary>What this machine's kernel can do, as probed at the agent's start. Null: it cannot be told.</summary>
public sealed record NodeCapabilities
{
    public bool? WireGuard { get; init; }
    public bool? Gre { get; init; }
    public bool? Dummy { get; init; }
    public bool? Vrf { get; init; }
    public bool? Vxlan { get; init; }
    public bool? Mpls { get; init; }

    /// <summary>MSS clamping and the tunnel's guard need it.</summary>
    public bool Nftables { get; init; } = true;

    /// <summary>Number of the user as which FRR's daemons run here; null: there is none.</summary>
    public uint? FrrUser { get; init; }

    /// <summary>By name, as shown in status.</summary>
    public ImmutableArray<(string Name, bool? Has)> All =>
    [
        ("wireguard", WireGuard), ("gre", Gre), ("dummy", Dummy), ("vrf", Vrf), ("vxlan", Vxlan), ("mpls", Mpls), ("nftables", Nftables),
    ];
}
