using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Paths;

namespace Meshover.Mesh.Planning;

/// <summary>What the operator of one node decides; the mesh map holds the rest.</summary>
public sealed record NodeSettings
{
    /// <summary>The names and numbers of a node whose operator decided nothing.</summary>
    public static readonly NodeSettings Default = new();

    public string Interface { get; init; } = "meshover0";
    public string LoopbackInterface { get; init; } = "meshover-lo";

    /// <summary>UDP port of WireGuard.</summary>
    public int ListenPort { get; init; } = 12912;

    /// <summary>Mark, and the bits that count, of packets that must take the underlay.</summary>
    public uint FirewallMark { get; init; } = 0x6d;
    public uint FirewallMask { get; init; } = 0xff;

    /// <summary>The table that mirrors the underlay's routes.</summary>
    public uint UnderlayTable { get; init; } = 7401;

    /// <summary>rtproto of our routes.</summary>
    public byte RouteProtocol { get; init; } = 112;

    /// <summary>MTU of the underlay in bytes; 0 follows the interfaces.</summary>
    public int UnderlayMtu { get; init; }

    /// <summary>The data plane may find out what passes to a peer in one piece, and make its link fit.</summary>
    public bool ProbePathMtu { get; init; }

    /// <summary>Prefixes to originate beside the node addresses.</summary>
    public ImmutableArray<Announcement> Announce { get; init; } = [];

    /// <summary>Interfaces with workloads on them.</summary>
    public ImmutableArray<WorkloadNetwork> Workloads { get; init; } = [];

    /// <summary>Routers outside the mesh.</summary>
    public ImmutableArray<ExternalNeighbor> Neighbors { get; init; } = [];

    /// <summary>False holds <see cref="Announce"/> back; the node's own addresses are always announced.</summary>
    public bool Advertise { get; init; } = true;

    /// <summary>The node is to be left: it stays reachable, and is liked least.</summary>
    public bool IsDraining { get; init; }

    /// <summary>A default route that is granted to a node of the mesh may take this node's traffic.</summary>
    public bool AcceptDefault { get; init; }

    /// <summary>Ranges of source addresses whose packets leave here, whichever node they come to first.</summary>
    public ImmutableArray<IPNetwork> Gather { get; init; } = [];

    /// <summary>Of several owners the greatest has the packets.</summary>
    public int GatherPriority { get; init; } = GatherClaims.DefaultPriority;

    /// <summary>While no owner of a range lives, its packets leave by this node's default route instead of being refused.</summary>
    public bool GatherFallback { get; init; }

    /// <summary>Sources whose packets leave the mesh with an address of this node's.</summary>
    public ImmutableArray<IPNetwork> Masquerade { get; init; } = [];

    /// <summary>BFD packets that are sent at most, to all neighbours together.</summary>
    public int BfdPacketsPerSecond { get; init; } = BfdTimers.DefaultPacketsPerSecond;

    /// <summary>What the operator decides of BFD on some links, or all.</summary>
    public ImmutableArray<BfdChoice> BfdProfiles { get; init; } = [];

    /// <summary>The operator lets us put tagged rules into Docker's own chain.</summary>
    public bool DockerUser { get; init; }

    /// <summary>Where peers are called first, in this order.</summary>
    public ImmutableArray<IPNetwork> PreferredUnderlay { get; init; } = [];

    /// <summary>Links that are slow, jittery or lossy cost more.</summary>
    public bool MeasuredCost { get; init; } = true;

    /// <summary>What the operator adds to the cost of links.</summary>
    public ImmutableArray<AddedCost> LinkCosts { get; init; } = [];

    /// <summary>False: no WireGuard, no links.</summary>
    public bool Dataplane { get; init; } = true;

    /// <summary>False: no FRR.</summary>
    public bool Routing { get; init; } = true;
}
