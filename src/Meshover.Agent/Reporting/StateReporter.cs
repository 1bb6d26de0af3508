using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Reporting;

/// <summary>From the agent's state to what the controller is told.</summary>
internal sealed class StateReporter(AgentConfig config, IdentityKeeper identities, TimeProvider time, Func<NodeId, double?> rtt, Func<EchoTally>? echoes = null)
{
    /// <summary>No controller takes a longer list.</summary>
    private const int MostPrefixes = 4096;

    private readonly TrafficCounters _traffic = new();
    private readonly Summariser _summariser = new(time, rtt, echoes);
    private (NodeIdentity Of, ImmutableArray<WireGuardPublicKey> Keys) _keys = (identities.Current, WireGuardKeys.Declared(identities.Current));

    /// <summary>What was carried so far; for anybody.</summary>
    public Traffic Traffic => _traffic.Now;

    public NodeReport Report(AgentState state)
    {
        var links = LinkStanding.Of(state);
        var traffic = _traffic.Look(state, links);
        return new NodeReport
        {
            HostName = config.HostName ?? identities.Current.HostName,
            ListenPort = config.ListenPort,
            PublicKeys = PublicKeys(),
            Site = config.Site,
            Transit = config.Transit,
            UnderlayMtu = config.Mtu > 0 ? config.Mtu : state.Underlay?.Mtu ?? 0,
            Gathers = Gathers(state),
            Endpoints = state.Offered,
            Announced = state.Announced.Length > MostPrefixes ? state.Announced[..MostPrefixes] : state.Announced,
            Twice = [.. state.Announcements.Sources.SelectMany(source => source.Twice).Take(MostPrefixes)],
            Shared = [.. state.Announcements.Sources.SelectMany(source => source.Declared).Where(one => one.IsAnnounced && one.Of.Mode != AnnounceMode.Plain).Select(one => one.Prefix)],
            WishedPrefixes = config.AnnounceAuto,
            IsDraining = state.Drain is { IsToldToAll: true },
            OtherAddresses = state.Underlay?.Others ?? [],
            Observed =
            [
                .. links.Where(link => link.IsHeard && IsNews(state.Map!, link.Peer.Id, link.Engine!.Endpoint))
                    .Select(link => new ObservedPeer(link.Peer.Id, link.Engine!.Endpoint!)),
            ],
            Summary = _summariser.Next(state, links, traffic),
        };
    }

    private GatherClaims Gathers(AgentState state) => config.Gather.IsEmpty
        ? GatherClaims.None
        : new GatherClaims { Ranges = config.Gather, Priority = config.GatherPriority, IsFailing = state.IsGatherFailing };

    /// <summary>Each costs a multiplication on the curve, and a report is made each second.</summary>
    private ImmutableArray<WireGuardPublicKey> PublicKeys()
    {
        var identity = identities.Current;
        if (identity.WireGuardPrivateKey != _keys.Of.WireGuardPrivateKey || identity.KeyChange != _keys.Of.KeyChange)
            _keys = (identity, WireGuardKeys.Declared(identity));
        return _keys.Keys;
    }

    /// <summary>
    /// In a healthy mesh every peer is where the map says, and everybody telling that of everybody would be O(n²). What the map has from
    /// peers alone is told on: it stays there for as long as peers see it.
    /// </summary>
    private static bool IsNews(MeshMap map, NodeId peer, IPEndPoint? seen) =>
        seen is not null && EndpointOrder.IsUnderlay(map.Settings, seen.Address)
        && !(map.Nodes.TryGetValue(peer, out var node)
            && node.Endpoints.Any(known => known.Source != EndpointSource.SeenByPeer && known.EndPoint.Equals(seen)));
}
