using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing;
using Meshover.Agent.Configuration;
using Meshover.Agent.Draining;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.Agent;

/// <summary>From the agent's state to the node's plan.</summary>
internal sealed class StatePlanner(AgentConfig config, IdentityKeeper identities, NodeCapabilities capabilities)
{
    private readonly NodeSettings _settings = new()
    {
        ListenPort = config.ListenPort,
        UnderlayMtu = config.Mtu,
        ProbePathMtu = config.ProbePathMtu,
        Advertise = config.Advertise,
        AcceptDefault = config.AcceptDefault,
        Gather = config.Gather,
        GatherPriority = config.GatherPriority,
        GatherFallback = config.GatherFallback,
        Masquerade = config.Masquerade,
        BfdPacketsPerSecond = config.BfdRate,
        BfdProfiles = config.BfdProfiles,
        Dataplane = config.Dataplane != DataplaneChoice.Off,
        DockerUser = config.DockerUser,
        MeasuredCost = config.MeasuredCost,
        LinkCosts = config.LinkCosts,
        PreferredUnderlay = config.PreferUnderlay,
        Workloads = config.Workloads,
        Routing = config.Routing != RoutingChoice.Off,
    };

    /// <summary>Null until enrolled.</summary>
    private NodeId? Self => identities.Current.Numbers?.Id;

    public bool MustPlan(AgentState next, AgentState? former, DateTimeOffset now) =>
        former is null || next.Plan is null
        || !ReferenceEquals(next.Map, former.Map)
        || !ReferenceEquals(next.Underlay, former.Underlay)
        || !next.Announcements.WantsTheSame(former.Announcements)
        || next.Neighbors != former.Neighbors
        || next.IsGatherFailing != former.IsGatherFailing
        || next.Drain != former.Drain
        || !ReferenceEquals(next.Links, former.Links)
        || IsTooOld(next, now) != next.IsMapTooOld;

    /// <summary>The state with its plan; unchanged where there is no map, or none that knows this node.</summary>
    public AgentState Plan(AgentState state, DateTimeOffset now)
    {
        var offered = Offer(state);
        ImmutableArray<AskedAnnouncement> asked = [.. state.Announcements.Merge().Select(one => one with { Announcement = Drained(one.Announcement, state.Drain) })];
        ImmutableArray<Announcement> announce = [.. asked.Select(one => one.Announcement)];
        state = state with { IsMapTooOld = IsTooOld(state, now), Offered = offered, Capabilities = capabilities, Announced = Announced(announce) };
        if (state.Map is not { } map || Self is not { } self || !map.Nodes.TryGetValue(self, out var me))
            return state;
        var settings = _settings with { Announce = ToPlan(asked, me), Neighbors = state.Neighbors, IsDraining = state.Drain is { IsLeastLiked: true } };
        return state with { Plan = NodePlanner.Plan(map, self, settings, capabilities, Health(state, asked)) };
    }

    /// <summary>What another node announces, too, is left to it; an address stays until packets go there.</summary>
    private static Announcement Drained(Announcement announcement, DrainState? drain) => drain is { IsLeastLiked: true } && announcement.Failover is { Role: FailoverRole.Standby }
        // What a drained node hears counts least with itself, too: its own standby would come before the active.
        ? announcement with { IsWithdrawn = true }
        : drain?.Others.Contains(announcement.Prefix) == true
        ? announcement with { IsWithdrawn = true, HoldsAddress = announcement.HoldsAddress && drain.Stage != DrainStage.Drained }
        : announcement;

    /// <summary>
    /// What is configured is announced whether granted or not, which everybody is told. What is found is not: there may be any number of it, and
    /// what is refused counts in the bound beyond which other nodes close their sessions.
    /// </summary>
    private static ImmutableArray<Announcement> ToPlan(ImmutableArray<AskedAnnouncement> asked, MeshNode me) =>
        [.. asked.Where(one => one.IsConfigured || me.Grants.Any(grant => grant.Covers(one.Announcement.Prefix))).Select(one => one.Announcement)];

    private ImmutableArray<IPNetwork> Announced(ImmutableArray<Announcement> announce) =>
        _settings.Advertise ? [.. announce.Where(announcement => !announcement.IsWithdrawn).Select(announcement => announcement.Prefix)] : [];

    /// <summary>Before the machine was looked at, nothing is held against it.</summary>
    private static NodeHealth Health(AgentState state, ImmutableArray<AskedAnnouncement> asked) => state.Underlay is not { } underlay
        ? new NodeHealth { IsMapTooOld = state.IsMapTooOld, IsGatherFailing = state.IsGatherFailing, Links = state.Links, Announced = Found(asked) }
        : new NodeHealth
        {
            UnderlayMtu = underlay.Mtu,
            HasIPv4 = underlay.HasIPv4,
            HasIPv6 = underlay.HasIPv6,
            HasGlobalIPv6 = underlay.HasGlobalIPv6,
            Routes = underlay.Routes,
            Announced = [.. underlay.Announced.Select(reach => reach with { IsLost = IsLost(reach, state.Reached) }).UnionBy(Found(asked), reach => reach.Prefix)],
            IsMapTooOld = state.IsMapTooOld,
            IsGatherFailing = state.IsGatherFailing,
            Links = state.Links,
            Addresses = [.. underlay.Addresses, .. underlay.Others],
        };

    /// <summary>A source that found something knows that it is reached, where it says nothing else by a route or an address of just this prefix.</summary>
    private static ImmutableArray<AnnouncedReach> Found(ImmutableArray<AskedAnnouncement> asked) =>
    [
        .. asked.Where(one => !one.IsConfigured).Select(one => one.Announcement)
            .Select(found => new AnnouncedReach(found.Prefix, found.ReachedBy ?? found.Prefix.PrefixLength, "", IsLost: false)),
    ];

    /// <summary>That the default route leads there is right only where no better one ever did.</summary>
    private static bool IsLost(AnnouncedReach reach, ImmutableHashSet<IPNetwork> reached) =>
        reach.RouteLength <= 0 && (reach.DownInterface.Length > 0 || reached.Contains(reach.Prefix));

    /// <summary>Whether the operator's bound on the map's age is exceeded: the node then leaves the mesh until it hears a controller.</summary>
    private bool IsTooOld(AgentState state, DateTimeOffset now) =>
        config.MapMaxAge is { } most && state.LastHeard is { } heard && now - heard > most;

    private ImmutableArray<EndpointCandidate> Offer(AgentState state) =>
        OfferedEndpoints.Of(config.Endpoints, state.Underlay?.Addresses ?? [], config.ListenPort);
}
