using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing.Declared;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;

namespace Meshover.Agent.Configuration;

/// <summary>Who carries the packets of WireGuard and GRE.</summary>
public enum DataplaneChoice
{
    /// <summary>The kernel where it can, else the userspace engine.</summary>
    Auto,

    /// <summary>The kernel's own WireGuard and GRE; where it lacks them the node has no tunnels, and says so.</summary>
    Kernel,
    Userspace,

    /// <summary>None: the node is a member of the mesh, but has no tunnels.</summary>
    Off,
}

/// <summary>Who speaks BGP.</summary>
public enum RoutingChoice
{
    Frr,
    Off,
}

/// <summary>Whether the metrics tell of each peer.</summary>
public enum PeerDetail
{
    /// <summary>In a mesh of up to 64 peers.</summary>
    Auto,
    All,
    None,
}

/// <summary>
/// All that an operator may set on a node, validated. Each property names its key in <c>/etc/meshover/agent.yaml</c>, which is also
/// the name of its flag; <see cref="AgentSettings"/> holds the help texts.
/// </summary>
public sealed record AgentConfig
{
    private readonly ListOf<IPNetwork> _announce;
    private readonly ListOf<int> _announceAuto;
    private readonly ListOf<DeclaredAnnouncement> _announcements;
    private readonly ListOf<IPNetwork> _gather;
    private readonly ListOf<IPNetwork> _masquerade;
    private readonly ListOf<IPAddress> _gatherCheck;
    private readonly ListOf<uint> _announceTables;
    private readonly ListOf<string> _announceInterfaces;
    private readonly ListOf<WorkloadNetwork> _workloads;
    private readonly ListOf<string> _interfaces;
    private readonly ListOf<IPEndPoint> _endpoints;
    private readonly ListOf<string> _controllers;
    private readonly ListOf<IPEndPoint> _dnsListen;
    private readonly ListOf<ExternalNeighbor> _neighbors;
    private readonly ListOf<AddedCost> _linkCosts;
    private readonly ListOf<BfdChoice> _bfdProfiles;
    private readonly ListOf<IPNetwork> _preferUnderlay;

    public const int DefaultListenPort = 12912;
    public const int DefaultControllerPort = 12913;

    /// <summary>What holds where nothing is set.</summary>
    public static AgentConfig Default { get; } = new();

    /// <summary><c>hostname</c>: the node's name in the mesh, normalised (lower case, RFC 1123). Null: the machine's own.</summary>
    public string? HostName { get; init; }

    /// <summary><c>announce</c>: prefixes behind this node. They take effect where they are granted to it.</summary>
    public ImmutableArray<IPNetwork> Announce { get => _announce.Elements; init => _announce = new(value); }

    /// <summary><c>announce: auto/LENGTH</c>: lengths of prefixes that the controller is to choose, one for each family at most; up to 32 of IPv4, from 33 on of IPv6.</summary>
    public ImmutableArray<int> AnnounceAuto { get => _announceAuto.Elements; init => _announceAuto = new(value); }

    /// <summary><c>announcements</c>: prefixes and floating addresses that are announced on conditions.</summary>
    public ImmutableArray<DeclaredAnnouncement> Announcements { get => _announcements.Elements; init => _announcements = new(value); }

    /// <summary><c>announce-tables</c>: kernel tables whose routes are announced.</summary>
    public ImmutableArray<uint> AnnounceTables { get => _announceTables.Elements; init => _announceTables = new(value); }

    /// <summary><c>announce-interfaces</c>: interfaces whose addresses are announced, each with its prefix length.</summary>
    public ImmutableArray<string> AnnounceInterfaces { get => _announceInterfaces.Elements; init => _announceInterfaces = new(value); }

    /// <summary><c>announce-bgp</c>: where BGP speakers of this machine may connect. Null: nowhere.</summary>
    public IPEndPoint? AnnounceBgp { get; init; }

    /// <summary><c>announce-bgp-as</c>: the AS number that they are told.</summary>
    public Asn AnnounceBgpAs { get; init; } = new(64_999);

    /// <summary><c>workloads</c>: bridges whose hosts, or prefixes, are announced.</summary>
    public ImmutableArray<WorkloadNetwork> Workloads { get => _workloads.Elements; init => _workloads = new(value); }

    /// <summary><c>listen-port</c>: UDP port of WireGuard, 1-65535.</summary>
    public int ListenPort { get; init; } = DefaultListenPort;

    /// <summary><c>interface</c>: underlay interfaces whose addresses are offered as endpoints. Empty: all but our own and bridges of containers.</summary>
    public ImmutableArray<string> Interfaces { get => _interfaces.Elements; init => _interfaces = new(value); }

    /// <summary><c>endpoint</c>: further places where this node is reached, e.g. a forwarded port. Ports are never 0.</summary>
    public ImmutableArray<IPEndPoint> Endpoints { get => _endpoints.Elements; init => _endpoints = new(value); }

    /// <summary><c>prefer-underlay</c>: where peers are called first, in this order.</summary>
    public ImmutableArray<IPNetwork> PreferUnderlay { get => _preferUnderlay.Elements; init => _preferUnderlay = new(value); }

    /// <summary><c>site</c>: groups the nodes of one place; at most 63 characters.</summary>
    public string Site { get; init; } = "";

    /// <summary><c>transit</c></summary>
    public TransitRole Transit { get; init; } = TransitRole.Auto;

    /// <summary><c>dataplane</c></summary>
    public DataplaneChoice Dataplane { get; init; }

    /// <summary><c>routing</c>; off, too, where FRR is to run nowhere.</summary>
    public RoutingChoice Routing { get => FrrBackend == FrrBackendKind.None ? RoutingChoice.Off : field; init; }

    /// <summary><c>frr-backend</c></summary>
    public FrrBackendKind FrrBackend { get; init; }

    /// <summary><c>frr-image</c>. Null: the default.</summary>
    public string? FrrImage { get; init; }

    /// <summary><c>frr-socket</c>: absolute path. Null: the engine's default.</summary>
    public string? FrrSocket { get; init; }

    /// <summary>Where FRR is to run.</summary>
    public FrrBackendConfig Frr => FrrBackendConfig.Of(FrrBackend, FrrImage, FrrSocket);

    /// <summary><c>mtu</c>: MTU of the underlay in bytes, 1280-65000; 0 follows its interfaces.</summary>
    public int Mtu { get; init; }

    /// <summary><c>bfd-rate</c>: BFD packets a second that the node sends at most, 10-10000.</summary>
    public int BfdRate { get; init; } = BfdTimers.DefaultPacketsPerSecond;

    /// <summary><c>bfd-profile</c>: how soon links that fell silent are given up; of one of which nothing is said it is measured.</summary>
    public ImmutableArray<BfdChoice> BfdProfiles { get => _bfdProfiles.Elements; init => _bfdProfiles = new(value); }

    /// <summary><c>pmtu-probe</c>: find out what passes to each peer in one piece, and lower its link's MTU to that.</summary>
    public bool ProbePathMtu { get; init; }

    /// <summary><c>advertise</c>: false holds <see cref="Announce"/> back; the node's own addresses are announced always.</summary>
    public bool Advertise { get; init; } = true;

    /// <summary><c>accept-default</c>: a default route that is granted to a node of the mesh may take this node's traffic.</summary>
    public bool AcceptDefault { get; init; }

    /// <summary><c>gather</c>: ranges of source addresses whose packets leave here, whichever node they come to first; none is a whole family.</summary>
    public ImmutableArray<IPNetwork> Gather { get => _gather.Elements; init => _gather = new(value); }

    /// <summary><c>gather-priority</c>: of several owners of a range the greatest has its packets, 1-255.</summary>
    public int GatherPriority { get; init; } = GatherClaims.DefaultPriority;

    /// <summary><c>gather-check</c>: hosts outside the mesh; while none of them answers, the packets go to another owner. Empty: no check.</summary>
    public ImmutableArray<IPAddress> GatherCheck { get => _gatherCheck.Elements; init => _gatherCheck = new(value); }

    /// <summary><c>gather-fallback</c>: while no owner of a range lives, its packets leave by this node's default route.</summary>
    public bool GatherFallback { get; init; }

    /// <summary><c>masquerade</c>: sources whose packets leave the mesh with an address of this node's.</summary>
    public ImmutableArray<IPNetwork> Masquerade { get => _masquerade.Elements; init => _masquerade = new(value); }

    /// <summary><c>measured-cost</c>: links that are slow, jittery or lossy cost more.</summary>
    public bool MeasuredCost { get; init; } = true;

    /// <summary>Something goes by how good links are.</summary>
    public bool MeasuresLinks => MeasuredCost || BfdChoice.AreMeasured(BfdProfiles);

    /// <summary><c>link-cost</c>: what links with some nodes cost beyond that.</summary>
    public ImmutableArray<AddedCost> LinkCosts { get => _linkCosts.Elements; init => _linkCosts = new(value); }

    /// <summary><c>neighbors</c>: BGP routers outside the mesh.</summary>
    public ImmutableArray<ExternalNeighbor> Neighbors { get => _neighbors.Elements; init => _neighbors = new(value); }

    /// <summary><c>docker-user</c>: two tagged rules in Docker's <c>DOCKER-USER</c> let the links pass.</summary>
    public bool DockerUser { get; init; }

    /// <summary><c>drain-on-stop</c>: seconds that handing over may take when the node is stopped; 0: it does not.</summary>
    public int DrainOnStop { get; init; } = 5;

    /// <summary><c>templates</c>: absolute path of a directory whose files add to the built-in templates of FRR's configuration, or replace them.</summary>
    public string? Templates { get; init; }

    /// <summary><c>map.maxAge</c>: how long the node goes on without hearing a controller. Null: for ever.</summary>
    public TimeSpan? MapMaxAge { get; init; }

    /// <summary><c>rotate-key-after</c>: the age at which the node changes its WireGuard key by itself. Null: never.</summary>
    public TimeSpan? RotateKeyAfter { get; init; }

    /// <summary><c>metrics-listen</c>: where metrics are served to whoever asks, by plain HTTP. Null: nowhere.</summary>
    public IPEndPoint? MetricsListen { get; init; }

    /// <summary><c>metrics-peers</c></summary>
    public PeerDetail MetricsPeers { get; init; }

    /// <summary><c>otlp-endpoint</c>: a collector of traces. Null: nothing is traced.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary><c>dns</c>: answer for the names of the mesh on this node.</summary>
    public bool Dns { get; init; } = true;

    /// <summary><c>dns-zone</c>: what the nodes' names end in; lower case, without a dot at its ends.</summary>
    public string DnsZone { get; init; } = Mesh.Identity.HostName.DefaultZone;

    /// <summary><c>dns-listen</c>: where names are answered. Empty: at the node's addresses and at an address of loopback. Ports are never 0.</summary>
    public ImmutableArray<IPEndPoint> DnsListen { get => _dnsListen.Elements; init => _dnsListen = new(value); }

    /// <summary><c>controller</c>: "host:port" of controllers to use instead of those that the join string and the map name.</summary>
    public ImmutableArray<string> Controllers { get => _controllers.Elements; init => _controllers = new(value); }
}
