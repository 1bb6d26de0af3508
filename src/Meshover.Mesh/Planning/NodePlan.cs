using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Planning;

/// <summary>
/// All that one node must be: the planner's output. Declares state, never steps. Its parts, <see cref="ForSystem"/> and
/// <see cref="ForRouting"/>, are equal where they ask for the same: in a large mesh something changes in each second, and whoever works by a
/// part need not look at a plan in which it did not.
/// </summary>
public sealed record NodePlan
{
    private readonly ListOf<LinkPlan> _links;

    public required NodeId Self { get; init; }
    public required WireGuardPlan WireGuard { get; init; }

    /// <summary>One per peer, ordered by node id.</summary>
    public required ImmutableArray<LinkPlan> Links { get => _links.Elements; init => _links = new(value); }
    public required KernelPlan Kernel { get; init; }

    /// <summary>Null where the node runs no FRR.</summary>
    public required RoutingModel? Routing { get; init; }

    /// <summary>What the operator should know.</summary>
    public ImmutableArray<Finding> Warnings { get; init; } = [];

    /// <summary>For the data plane and the kernel.</summary>
    public SystemPlan ForSystem => new() { WireGuard = WireGuard, Links = Links, Kernel = Kernel };

    /// <summary>For FRR.</summary>
    public RoutingPlan ForRouting => new(Routing);
}

/// <summary>What the data plane and the kernel are to be: one part, as addresses need links.</summary>
public sealed record SystemPlan
{
    private readonly ListOf<LinkPlan> _links;

    public required WireGuardPlan WireGuard { get; init; }

    /// <inheritdoc cref="NodePlan.Links"/>
    public required ImmutableArray<LinkPlan> Links { get => _links.Elements; init => _links = new(value); }
    public required KernelPlan Kernel { get; init; }
}

/// <summary>What FRR is to do.</summary>
/// <param name="Model">Null where the node runs no FRR.</param>
public sealed record RoutingPlan(RoutingModel? Model);

/// <summary>The WireGuard device and its peers.</summary>
public sealed record WireGuardPlan
{
    private readonly Aside<UnderlayRoutes> _routes = new(UnderlayRoutes.Everywhere);
    private readonly ListOf<WireGuardPeerPlan> _peers;
    private readonly ListOf<IPNetwork> _preferred;

    public required string Interface { get; init; }
    public required int ListenPort { get; init; }
    public required uint FirewallMark { get; init; }

    /// <summary>MTU of the WireGuard device in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>A link's MTU may be less than planned: what was found to pass.</summary>
    public bool ProbesPathMtu { get; init; }

    /// <summary>
    /// What may be called; an endpoint that was, and is not among it any more, is given up at once. Not compared: the data plane calls a peer
    /// once, when it is new.
    /// </summary>
    public UnderlayRoutes Routes { get => _routes.Value; init => _routes = new(value); }

    /// <summary>Underlays to which a link that works elsewhere is led, the first of them above all.</summary>
    public ImmutableArray<IPNetwork> Preferred { get => _preferred.Elements; init => _preferred = new(value); }
    public required ImmutableArray<WireGuardPeerPlan> Peers { get => _peers.Elements; init => _peers = new(value); }
}

/// <summary>One peer. Its AllowedIPs are its tunnel address alone.</summary>
public sealed record WireGuardPeerPlan
{
    private readonly Aside<ImmutableArray<EndpointCandidate>> _endpoints;

    public required NodeId Node { get; init; }
    public required WireGuardPublicKey PublicKey { get; init; }

    /// <summary>The one that it has beside, while it changes it; null: none.</summary>
    public WireGuardPublicKey? OtherKey { get; init; }
    public required IPAddress TunnelAddress { get; init; }

    /// <summary>Usable ones, best first (IPv6 first among equals). Empty: the peer must call us. Not compared, as <see cref="WireGuardPlan.Routes"/>.</summary>
    public required ImmutableArray<EndpointCandidate> Endpoints { get => _endpoints.Value; init => _endpoints = new(value); }

    /// <summary>This side of the pair calls first; the other waits to be called for a moment (initiations that cross cost seconds).</summary>
    public bool CallsFirst { get; init; }

    /// <summary>Seconds; 0 turns it off.</summary>
    public required int PersistentKeepalive { get; init; }
}

/// <summary>The GRE link to one peer.</summary>
public sealed record LinkPlan
{
    public required NodeId Peer { get; init; }
    public required string Name { get; init; }

    /// <summary>ifalias: the peer's hostname.</summary>
    public required string Alias { get; init; }
    public required int Mtu { get; init; }
    public required IPAddress LocalTunnel { get; init; }
    public required IPAddress RemoteTunnel { get; init; }

    /// <summary>Our own link-local address on it; /64, nodad.</summary>
    public required IPAddress LinkLocal { get; init; }
}

/// <summary>Addresses, routes, rules and sysctls that the agent owns in the kernel.</summary>
public sealed record KernelPlan
{
    private readonly ListOf<IPNetwork> _unreachable;
    private readonly ListOf<string> _workloads;
    private readonly ListOf<IPAddress> _floating;
    private readonly ListOf<IPAddress> _further;

    public required IPAddress Address4 { get; init; }
    public required IPAddress Address6 { get; init; }

    /// <summary>Node addresses beside these.</summary>
    public ImmutableArray<IPAddress> Further { get => _further.Elements; init => _further = new(value); }

    /// <summary>The interface that carries the node addresses (dummy, else bridge).</summary>
    public required string LoopbackInterface { get; init; }
    public required IPAddress TunnelAddress { get; init; }

    /// <summary>On-link by the WireGuard device.</summary>
    public required IPNetwork TunnelPool { get; init; }

    /// <summary><c>unreachable</c> routes of high metric: the mesh's pools and grants never fall through to the default route.</summary>
    public required ImmutableArray<IPNetwork> Unreachable { get => _unreachable.Elements; init => _unreachable = new(value); }

    /// <summary>Mark of packets that must take the underlay (value, mask); the mirror table and its rules serve it.</summary>
    public required uint FirewallMark { get; init; }
    public required uint FirewallMask { get; init; }
    public required uint UnderlayTable { get; init; }

    /// <summary>rtproto of every route that is ours.</summary>
    public required byte RouteProtocol { get; init; }
    public required bool Forwarding { get; init; }

    /// <summary>Our nftables table: TCP's MSS fits the links, and tunnel addresses come and go by the WireGuard device alone.</summary>
    public required bool Firewall { get; init; }

    /// <summary>Number of the user whose packets keep the mesh together, and go first outside; null: not known.</summary>
    public uint? FrrUser { get; init; }

    /// <summary>Who outside may open a BGP session with this node; null: the port is left as it is.</summary>
    public BgpGuard? Bgp { get; init; }

    /// <summary>Interfaces whose hosts are announced one by one: the node answers there for those that are elsewhere.</summary>
    public ImmutableArray<string> Workloads { get => _workloads.Elements; init => _workloads = new(value); }

    /// <summary>Addresses that this node has for as long as it announces them.</summary>
    public ImmutableArray<IPAddress> Floating { get => _floating.Elements; init => _floating = new(value); }

    /// <summary>What is carried to an owner by its source.</summary>
    public GatheringPlan Gathering { get; init; } = GatheringPlan.None;

    /// <summary>Whose packets leave the mesh with an address of this node's; null: nobody's.</summary>
    public MasqueradePlan? Masquerade { get; init; }

    /// <summary>Tagged rules in Docker's <c>DOCKER-USER</c> let the links pass.</summary>
    public bool DockerUser { get; init; }
}
