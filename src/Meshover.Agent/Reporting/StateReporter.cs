using System.Collections.Immutable;
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
            Announced = state.Announced,
            LinksUp = [.. working.Select(pair => pair.Node)],
            Observed = [.. working.Where(pair => IsWorthTelling(state, pair.Peer)).Select(pair => new ObservedPeer(pair.Node, pair.Peer.Endpoint!))],
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

    private static bool IsWorthTelling(AgentState state, PeerStatus peer) =>
        peer.Endpoint is { } endpoint && EndpointOrder.IsUnderlay(state.Map!.Settings, endpoint.Address);

    private ReportSummary? Summarise(AgentState state, int working)
    {
        var now = time.Uptime();
        if (now < _nextSummary || state.Plan is null)
            return _summary;
        _nextSummary = now + SummaryEvery;
        var neighbors = state.Routing?.Neighbors ?? [];
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
