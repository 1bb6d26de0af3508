using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;

namespace Meshover.Mesh.Planning;

/// <summary>What FRR must do on one node. FRR's own words are the renderer's business.</summary>
public sealed record RoutingModel
{
    private readonly ListOf<Announcement> _networks;
    private readonly ListOf<int> _failoverPriorities;
    private readonly ListOf<OriginGrant> _grants;
    private readonly ListOf<NeighborModel> _neighbors;
    private readonly ListOf<IPNetwork> _resting;
    private readonly ListOf<ExternalNeighbor> _externalNeighbors;
    private readonly ListOf<LearnableRange> _learnable;

    public required string HostName { get; init; }
    public required Asn Asn { get; init; }
    public required IPAddress RouterId { get; init; }

    /// <summary>Preferred source addresses of learned routes.</summary>
    public required IPAddress Source4 { get; init; }
    public required IPAddress Source6 { get; init; }

    /// <summary>TCP port of BGP.</summary>
    public required int BgpPort { get; init; }

    /// <summary>Whether this node re-announces others' routes.</summary>
    public required bool IsTransit { get; init; }

    /// <summary>Most mesh ASNs accepted in an AS path.</summary>
    public required int MaxMeshHops { get; init; }
    public required IPNetwork Pool4 { get; init; }
    public required IPNetwork Pool6 { get; init; }

    /// <summary>Never announced, never accepted.</summary>
    public required IPNetwork TunnelPool { get; init; }

    /// <summary>What this node originates: its addresses and its announced prefixes, and nothing else.</summary>
    public required ImmutableArray<Announcement> Networks { get => _networks.Elements; init => _networks = new(value); }

    /// <summary>It announces hosts, which yield to other nodes a while after they came, even if none does at the moment.</summary>
    public bool HasHosts { get; init; }

    /// <summary>Of prefixes that one of several nodes has: the priorities that this one has, also where it announces none of them at the moment.</summary>
    public ImmutableArray<int> FailoverPriorities { get => _failoverPriorities.Elements; init => _failoverPriorities = new(value); }

    /// <summary>Everything that goes through this node, or comes from it, is to be liked least (RFC 8326).</summary>
    public bool IsDraining { get; init; }

    /// <summary>Everything granted to anybody in the mesh: what a transit neighbour may bring.</summary>
    public required ImmutableArray<OriginGrant> Grants { get => _grants.Elements; init => _grants = new(value); }

    /// <summary>
    /// Addresses of the pools that were taken from nodes and are nobody's: accepted from nobody. Who may pass on what others announce is held against the
    /// pools alone.
    /// </summary>
    public ImmutableArray<IPNetwork> Resting { get => _resting.Elements; init => _resting = new(value); }

    /// <summary>Ordered by node id.</summary>
    public required ImmutableArray<NeighborModel> Neighbors { get => _neighbors.Elements; init => _neighbors = new(value); }

    /// <summary>Routers outside the mesh.</summary>
    public ImmutableArray<ExternalNeighbor> ExternalNeighbors { get => _externalNeighbors.Elements; init => _externalNeighbors = new(value); }

    /// <summary>What may be learned from them; the first range that covers a prefix decides, and what none covers may not.</summary>
    public ImmutableArray<LearnableRange> Learnable { get => _learnable.Elements; init => _learnable = new(value); }

    /// <summary>Slowed as neighbours grow (500 packets a second a node at most).</summary>
    public required BfdTimers Bfd { get; init; }
}

/// <summary>A grant and the AS number that it was given to.</summary>
public readonly record struct OriginGrant(Asn Origin, RouteGrant Grant);

/// <summary>One BGP neighbour, unnumbered over its link.</summary>
public sealed record NeighborModel
{
    private readonly ListOf<RouteGrant> _mayOriginate;

    public required NodeId Node { get; init; }
    public required string HostName { get; init; }
    public required string Interface { get; init; }
    public required Asn Asn { get; init; }
    public required bool IsTransit { get; init; }

    /// <summary>Its node addresses (/32 and /128), the further ones, too, and its grants: all that it may originate.</summary>
    public required ImmutableArray<RouteGrant> MayOriginate { get => _mayOriginate.Elements; init => _mayOriginate = new(value); }

    /// <summary>This end's half of what the link costs (<see cref="LinkCost"/>): added to MED on the way in and on the way out.</summary>
    public required int Cost { get; init; }

    /// <summary>How soon the link is given up when it falls silent.</summary>
    public BfdProfile BfdProfile { get; init; }
}
