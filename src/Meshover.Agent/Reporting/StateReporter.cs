using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Trust;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reporting;

/// <summary>From the agent's state to what the controller is told.</summary>
internal sealed class StateReporter(AgentConfig config, IdentityKeeper identities, TimeProvider time)
{
    private static readonly TimeSpan SummaryEvery = TimeSpan.FromSeconds(30);
    private (NodeIdentity Of, ImmutableArray<WireGuardPublicKey> Keys) _keys = (identities.Current, WireGuardKeys.Declared(identities.Current));
    private ReportSummary? _summary;
    /// <summary>No controller takes a longer list.</summary>
    private const int MostPrefixes = 4096;

    private TimeSpan _nextSummary;

    public NodeReport Report(AgentState state)
    {
        var working = Working(state);
        return new NodeReport
        {
            HostName = config.HostName ?? identities.Current.HostName,
            ListenPort = config.ListenPort,
            PublicKeys = PublicKeys(),
            Site = config.Site,
            Transit = config.Transit,
            UnderlayMtu = config.Mtu > 0 ? config.Mtu : state.Underlay?.Mtu ?? 0,
            Endpoints = state.Offered,
            Announced = state.Announced.Length > MostPrefixes ? state.Announced[..MostPrefixes] : state.Announced,
            Twice = [.. state.Announcements.Sources.SelectMany(source => source.Twice).Take(MostPrefixes)],
            OtherAddresses = state.Underlay?.Others ?? [],
            Observed =
            [
                .. working.Where(pair => IsNews(state.Map!, pair.Node, pair.Peer.Endpoint))
                    .Select(pair => new ObservedPeer(pair.Node, pair.Peer.Endpoint!)),
            ],
            Summary = Summarise(state, working.Count),
        };
    }

    /// <summary>Each costs a multiplication on the curve, and a report is made each second.</summary>
    private ImmutableArray<WireGuardPublicKey> PublicKeys()
    {
        var identity = identities.Current;
        if (identity.WireGuardPrivateKey != _keys.Of.WireGuardPrivateKey || identity.KeyChange != _keys.Of.KeyChange)
            _keys = (identity, WireGuardKeys.Declared(identity));
        return _keys.Keys;
    }

    /// <summary>Peers that were heard within the time that an endpoint counts as working, ordered by id.</summary>
    private static List<(NodeId Node, PeerStatus Peer)> Working(AgentState state)
    {
        if (state is not { Dataplane: { } dataplane, Plan: { } plan })
            return [];
        var status = PeerStatuses.Of(dataplane);
        return [.. plan.WireGuard.Peers
            .Select(peer => (peer.Node, Peer: status.Find(peer)))
            .Where(pair => pair.Peer is { LastReceiveAgeMs: >= 0 } peer && peer.LastReceiveAgeMs < EndpointChooser.WorkingFor.TotalMilliseconds)
            .Select(pair => (pair.Node, pair.Peer!))];
    }

    /// <summary>
    /// In a healthy mesh every peer is where the map says, and everybody telling that of everybody would be O(n²). What the map has from
    /// peers alone is told on: it stays there for as long as peers see it.
    /// </summary>
    private static bool IsNews(MeshMap map, NodeId peer, IPEndPoint? seen) =>
        seen is not null && EndpointOrder.IsUnderlay(map.Settings, seen.Address)
        && !(map.Nodes.TryGetValue(peer, out var node)
            && node.Endpoints.Any(known => known.Source != EndpointSource.SeenByPeer && known.EndPoint.Equals(seen)));

    private ReportSummary? Summarise(AgentState state, int working)
    {
        var now = time.Uptime();
        if (now < _nextSummary || state.Plan is null)
            return _summary;
        _nextSummary = now + SummaryEvery;
        var neighbors = (state.Routing?.Neighbors ?? []).Where(neighbor => NodeId.IsLinkName(neighbor.Interface)).ToList();
        var peers = state.Dataplane?.Peers ?? [];
        return _summary = new ReportSummary(
            state.Plan.WireGuard.Peers.Length,
            working,
            neighbors.Count(neighbor => neighbor.BgpState == "Established"),
            neighbors.Sum(neighbor => neighbor.PrefixesReceived),
            (ulong)peers.Sum(peer => peer.RxBytes),
            (ulong)peers.Sum(peer => peer.TxBytes));
    }
}
