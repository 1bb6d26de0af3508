using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;

namespace Meshover.Mesh.Planning;

/// <summary>How this machine stands at the moment.</summary>
public sealed record NodeHealth
{
    /// <summary>Smallest MTU of the interfaces that carry the underlay, in bytes.</summary>
    public int UnderlayMtu { get; init; } = 1500;

    /// <summary>Whether the machine has an address of this family that others may reach, or that reaches out.</summary>
    public bool HasIPv4 { get; init; } = true;
    public bool HasIPv6 { get; init; } = true;

    /// <summary>Whether one of its IPv6 addresses means something beyond its own site (it is no unique local one, RFC 4193).</summary>
    public bool HasGlobalIPv6 { get; init; } = true;

    /// <summary>What the underlay has routes to.</summary>
    public UnderlayRoutes Routes { get; init; } = UnderlayRoutes.Everywhere;

    /// <summary>How the announced prefixes are reached; of one that is not here, nothing is known.</summary>
    public ImmutableArray<AnnouncedReach> Announced { get; init; } = [];

    /// <summary>All of its own addresses outside the mesh, as it sees them itself: temporary ones too, and such as nobody may call.</summary>
    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    /// <summary>How good the links are, by the node at the other end; of one that is not here, nothing is known.</summary>
    public ImmutableSortedDictionary<NodeId, LinkQuality> Links { get; init; } = ImmutableSortedDictionary<NodeId, LinkQuality>.Empty;

    /// <summary>The check of what is gathered here fails: packets that came here would not get out.</summary>
    public bool IsGatherFailing { get; init; }

    /// <summary>The map is older than the operator allows: nobody is met by it, but what must not leak stays guarded.</summary>
    public bool IsMapTooOld { get; init; }
}

/// <summary>How this machine reaches a prefix that it announces.</summary>
/// <param name="Prefix">As announced.</param>
/// <param name="RouteLength">Length of the longest route of its own that holds all of the prefix; 0: its default route alone, -1: none.</param>
/// <param name="DownInterface">One with an address in the prefix, that is down; empty: none.</param>
/// <param name="IsLost">There was a better route than the default, or an interface of it is down: what goes there now would go astray.</param>
public readonly record struct AnnouncedReach(IPNetwork Prefix, int RouteLength, string DownInterface, bool IsLost);
