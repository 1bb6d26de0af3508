using System.Collections.Immutable;
using System.Net;

namespace Meshover.Mesh.Map;

/// <summary>What holds for the whole mesh.</summary>
public sealed record MeshSettings
{
    public required IPNetwork Pool4 { get; init; }
    public required IPNetwork Pool6 { get; init; }
    public required IPNetwork TunnelPool { get; init; }

    /// <summary>TCP port of BGP on the links.</summary>
    public int BgpPort { get; init; } = 12914;

    /// <summary>Most mesh ASNs accepted in an AS path.</summary>
    public int MaxMeshHops { get; init; } = 2;

    /// <summary><c>host:port</c> of every controller.</summary>
    public ImmutableArray<string> Controllers { get; init; } = [];

    /// <summary>SHA-256 of the CA's subject public key info, base64url; any of them is trusted.</summary>
    public ImmutableArray<string> CaPins { get; init; } = [];
}
