using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Configuration;
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
        Announce = config.Announce,
        Advertise = config.Advertise,
        BfdPacketsPerSecond = config.BfdRate,
        Dataplane = config.Dataplane != DataplaneChoice.Off,
        DockerUser = config.DockerUser,
        Routing = config.Routing != RoutingChoice.Off,
    };

    /// <summary>Null until enrolled.</summary>
    private NodeId? Self => identities.Current.Numbers?.Id;

    public bool MustPlan(AgentState next, AgentState? former, DateTimeOffset now) =>
        former is null || next.Plan is null
        || !ReferenceEquals(next.Map, former.Map)
        || !ReferenceEquals(next.Underlay, former.Underlay)
        || IsTooOld(next, now) != next.IsMapTooOld;

    /// <summary>The state with its plan; unchanged where there is no map, or none that knows this node.</summary>
    public AgentState Plan(AgentState state, DateTimeOffset now)
    {
        var offered = Offer(state);
        state = state with { IsMapTooOld = IsTooOld(state, now), Offered = offered, Announced = _settings.Advertise ? config.Announce : [] };
        if (state.Map is not { } map || Self is not { } self || !map.Nodes.ContainsKey(self))
            return state;
        var health = new NodeHealth
        {
            UnderlayMtu = state.Underlay?.Mtu ?? new NodeHealth().UnderlayMtu,
            HasIPv4 = state.Underlay?.HasIPv4 ?? true,
            HasIPv6 = state.Underlay?.HasIPv6 ?? true,
        };
        return state with { Plan = NodePlanner.Plan(state.IsMapTooOld ? Alone(map, self) : map, self, _settings, capabilities, health) };
    }

    /// <summary>Whether the operator's bound on the map's age is exceeded: the node then leaves the mesh until it hears a controller.</summary>
    private bool IsTooOld(AgentState state, DateTimeOffset now) =>
        config.MapMaxAge is { } most && state.LastHeard is { } heard && now - heard > most;

    private static MeshMap Alone(MeshMap map, NodeId self) =>
        map with { Nodes = ImmutableSortedDictionary<NodeId, MeshNode>.Empty.Add(self, map.Nodes[self]) };

    private ImmutableArray<EndpointCandidate> Offer(AgentState state) =>
        OfferedEndpoints.Of(config.Endpoints, state.Underlay?.Addresses ?? [], config.ListenPort);
}
