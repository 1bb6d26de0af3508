using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Map;

/// <summary>One member of the mesh, as everybody sees it.</summary>
public sealed record MeshNode
{
    public required NodeId Id { get; init; }
    public required string HostName { get; init; }

    /// <summary>Never empty; the first is preferred. More than one while a key changes.</summary>
    public required ImmutableArray<WireGuardPublicKey> WireGuardKeys { get; init; }

    /// <summary>/32 out of the IPv4 pool; also the BGP router id.</summary>
    public required IPAddress Address4 { get; init; }

    /// <summary>/128 out of the IPv6 pool.</summary>
    public required IPAddress Address6 { get; init; }

    /// <summary>Node addresses beside these two; never an address that is another node's.</summary>
    public ImmutableArray<FurtherAddress> FurtherAddresses { get; init; } = [];

    /// <summary>Were its node addresses, and are nobody's for a while: it may not have heard of that, so whoever brings them is refused.</summary>
    public ImmutableArray<IPAddress> RestingAddresses { get; init; } = [];

    /// <summary>IPv4; addresses one end of the GRE links, never routed.</summary>
    public required IPAddress TunnelAddress { get; init; }

    public required Asn Asn { get; init; }

    /// <summary>Re-announces others' routes.</summary>
    public bool IsTransit { get; init; }

    /// <summary>No endpoint of it answers unasked (it is behind a NAT or a firewall).</summary>
    public bool IsBehindNat { get; init; }

    public ImmutableArray<EndpointCandidate> Endpoints { get; init; } = [];

    /// <summary>What it may originate beside its node addresses.</summary>
    public ImmutableArray<RouteGrant> Grants { get; init; } = [];

    /// <summary>All its node addresses, the first of each family first.</summary>
    public IEnumerable<IPAddress> NodeAddresses => new[] { Address4, Address6 }.Concat(FurtherAddresses.Select(further => further.Address));

    public string Site { get; init; } = "";

    /// <summary>MTU of its underlay in bytes; 0: it does not tell.</summary>
    public int UnderlayMtu { get; init; }

    /// <summary>What it wants to gather; it has that as far as it lies in its grants.</summary>
    public GatherClaims Gathers { get; init; } = GatherClaims.None;

    /// <summary>It is to be left: it stays reachable, and no role goes to it.</summary>
    public bool IsDraining { get; init; }
}
