using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Draining;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Reconciling;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Agent;

/// <summary>All that the agent knows, at one moment. Immutable: the main loop makes the next, everybody else reads the newest.</summary>
internal sealed record AgentState
{
    public LinkState Link { get; init; } = LinkState.Connecting;

    /// <summary><c>host:port</c> in use; empty while none answers.</summary>
    public string Controller { get; init; } = "";
    public string ControllerError { get; init; } = "";

    /// <summary>What is wrong with the way to a controller; null: nothing, or it is known by <see cref="Link"/> alone.</summary>
    public FindingKind? ControllerFault { get; init; }

    /// <summary>What the controller's clock shows beyond <see cref="UptimeExtensions.SinceBoot"/>; null: it did not say.</summary>
    public DateTimeOffset? ControllerClock { get; init; }

    /// <summary>As the controller told it; null before the first.</summary>
    public MeshMap? Told { get; init; }

    /// <summary>The map of the former store, while nodes are kept that a restored one lacks; null: nothing is retained.</summary>
    public MeshMap? Retained { get; init; }

    /// <summary>What the node works by: the told map, with what is retained.</summary>
    public MeshMap? Map { get; init; }

    /// <summary>When a controller was last heard; null: never.</summary>
    public DateTimeOffset? LastHeard { get; init; }

    /// <summary>When <see cref="Retained"/> is forgotten, by <see cref="UptimeExtensions.Uptime"/>.</summary>
    public TimeSpan RetainUntil { get; init; }

    /// <summary>The map is older than the operator allows: the plan leaves everybody out.</summary>
    public bool IsMapTooOld { get; init; }
    public UnderlayState? Underlay { get; init; }

    /// <summary>What the kernel can do; null before it was asked.</summary>
    public NodeCapabilities? Capabilities { get; init; }

    /// <summary>Announced prefixes that this machine has reached by a better route than its default, since the agent's start.</summary>
    public ImmutableHashSet<IPNetwork> Reached { get; init; } = [];
    public NodePlan? Plan { get; init; }

    /// <summary>Why <see cref="Plan"/> is an earlier one; empty where it is not.</summary>
    public string PlanProblem { get; init; } = "";
    public DataplaneStatus? Dataplane { get; init; }

    /// <summary>When <see cref="Dataplane"/> was asked for: its ages count from then.</summary>
    public DateTimeOffset DataplaneSeenAt { get; init; }

    /// <summary>Since when this agent has the data plane's word without a break, by <see cref="UptimeExtensions.Uptime"/>; null: it has not.</summary>
    public TimeSpan? DataplaneKnownSince { get; init; }
    public RoutingStatus? Routing { get; init; }

    /// <summary>What is known of BGP; null: FRR does not answer, or did not when it was asked last. One that does not run has no sessions, and that is known.</summary>
    public RoutingStatus? RoutingRead => Routing is { IsUnread: false } read ? read : null;

    /// <summary>When <see cref="Routing"/> was taken.</summary>
    public DateTimeOffset RoutingSeenAt { get; init; }

    /// <summary>Addresses that BGP has set a route to in the kernel, of those that are asked for a status.</summary>
    public ImmutableHashSet<IPAddress> Routed { get; init; } = [];
    /// <summary>What the components are to be: the plan, and the WireGuard keys.</summary>
    public Wanted Wanted { get; init; } = new();

    /// <summary>How far they are.</summary>
    public Applied Applied { get; init; } = new();

    /// <summary>From the controller, by kind: a newer one replaces the older.</summary>
    public ImmutableSortedDictionary<string, string> Notices { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What the agent itself has to say, e.g. that the map on disk was damaged.</summary>
    public ImmutableArray<string> OwnNotices { get; init; } = [];

    /// <summary>Why the settings, as they were read last, cannot be used; empty: they can.</summary>
    public string SettingsProblem { get; init; } = "";

    /// <summary>What is wrong with the directory of the node's state; null: nothing.</summary>
    public Finding? StateFault { get; init; }

    /// <summary>Why the names of the mesh are not answered here; null: they are, or are not wanted.</summary>
    public Finding? NamesFault { get; init; }

    /// <summary>All that is wrong now, see <see cref="Diagnosing.NodeFindings"/>.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];

    /// <summary>Endpoints that this node offers.</summary>
    public ImmutableArray<EndpointCandidate> Offered { get; init; } = [];

    /// <summary>What is to be announced, and who wants that.</summary>
    public AnnouncementSet Announcements { get; init; } = AnnouncementSet.Empty;

    /// <summary>What is announced of it, granted or not.</summary>
    public ImmutableArray<IPNetwork> Announced { get; init; } = [];

    /// <summary>How far the node is left; null: it is not to be.</summary>
    public DrainState? Drain { get; init; }

    /// <summary>How good the links are, as far as it was measured.</summary>
    public ImmutableSortedDictionary<NodeId, LinkQuality> Links { get; init; } = ImmutableSortedDictionary<NodeId, LinkQuality>.Empty;

    /// <summary>The check of what is gathered here fails.</summary>
    public bool IsGatherFailing { get; init; }

    /// <summary>The routers outside the mesh that the operator declares.</summary>
    public ImmutableArray<ExternalNeighbor> Neighbors { get; init; } = [];

    /// <summary>The state with a map as told, and what is retained beside it.</summary>
    public AgentState WithMap(MeshMap told, MeshMap? retained) =>
        this with { Told = told, Retained = retained, Map = retained is null ? told : told.Retaining(retained) };

    /// <summary>The state of a machine that was just looked at.</summary>
    public AgentState WithUnderlay(UnderlayState underlay) => this with
    {
        Underlay = underlay,
        Reached = Reached.Union(underlay.Announced.Where(reach => reach.RouteLength > 0).Select(reach => reach.Prefix)),
    };
}
