using System.Net;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.Mesh.Topology;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;
using EnginePeer = Meshover.WireGuard.Control.PeerStatus;
using WireGuardKeys = Meshover.Agent.Trust.WireGuardKeys;
using WireKeyChange = Meshover.Contract.V1.KeyChange;
using WirePeer = Meshover.Contract.V1.PeerStatus;

namespace Meshover.Agent.LocalApi;

/// <summary>Turns the agent's state into the status message. Pure but for the clock and the measured round trips.</summary>
internal static class StatusBuilder
{
    private const double UnknownRtt = -1;
    private const int MostMissing = 10;
    private const string Established = "Established";
    private static readonly PathExpectation NoMember = new(PathKind.None, "This node is no member of the mesh any more.");

    public static AgentStatus Build(AgentState state, NodeIdentity identity, Func<Mesh.Identity.NodeId, double?> rtt, DateTimeOffset now)
    {
        var status = new AgentStatus
        {
            Hello = AgentHello.Create(),
            Hostname = identity.HostName,
            PublicKey = identity.WireGuardPublicKey.ToString(),
            ListenPort = (uint)(state.Plan?.WireGuard.ListenPort ?? 0),
            Controller = state.Controller,
            ControllerState = Word(state.Link),
            ControllerError = state.ControllerError,
            StoreId = state.Map?.StoreId ?? "",
            MapRevision = state.Map?.Revision ?? 0,
            MapAgeSeconds = state is { Map: not null, LastHeard: { } heard } ? Math.Max(0, (long)(now - heard).TotalSeconds) : -1,
            CredentialExpiresUnix = identity.CredentialExpires,
            Dataplane = Dataplane(state),
            Routing = Component(state, "routing"),
            Kernel = Component(state, "kernel"),
        };
        AddNumbers(status, identity.Numbers);
        AddKey(status, state, identity, now);
        AddOwn(status, state);
        if (state is { Plan: not null, Map: not null })
            AddPeers(status, state, rtt);
        return status;
    }

    private static void AddNumbers(AgentStatus status, NodeNumbers? numbers)
    {
        if (numbers is null)
            return;
        status.NodeId = numbers.Id.Value;
        status.Address4 = numbers.Address4.ToString();
        status.Address6 = numbers.Address6.ToString();
        status.TunnelAddress = numbers.TunnelAddress.ToString();
        status.Asn = numbers.Asn.Value;
    }

    private static void AddKey(AgentStatus status, AgentState state, NodeIdentity identity, DateTimeOffset now)
    {
        if (identity.WireGuardKeyMade > 0)
            status.KeyAgeSeconds = Math.Max(0, now.ToUnixTimeSeconds() - identity.WireGuardKeyMade);
        if (identity.KeyChange is not { } change)
            return;
        var progress = KeyChangeProgress.Of(state, identity);
        status.KeyChange = new WireKeyChange
        {
            OtherKey = WireGuardKeys.PublicOf(change.OtherPrivateKey).ToString(),
            Stage = Word(change.Stage),
            AgeSeconds = Math.Max(0, now.ToUnixTimeSeconds() - change.Begun),
            Peers = (uint)progress.Peers,
            Agreed = (uint)progress.Agreed,
            Missing = { progress.Missing.Take(MostMissing).Select(id => state.Map?.Nodes.GetValueOrDefault(id)?.HostName ?? id.ToString()) },
        };
    }

    private static string Word(KeyChangeStage stage) => stage switch
    {
        KeyChangeStage.Prepared => "prepared",
        KeyChangeStage.Declared => "declared",
        _ => "in-use",
    };

    private static void AddOwn(AgentStatus status, AgentState state)
    {
        status.Endpoints.Add(state.Offered.Select(WireFormat.FromEndpoint));
        status.Notices.Add(state.Notices.Values.Concat(state.OwnNotices).Concat(LeftOut(state)).Concat(state.Plan?.Warnings ?? []));
        if (Self(state) is not { } me)
            return;
        status.Transit = me.IsTransit;
        var byGrant = state.Announced.ToLookup(prefix => me.Grants.Any(grant => grant.Covers(prefix)), prefix => prefix.ToString());
        status.Announced.Add(byGrant[true]);
        status.AnnouncedNotGranted.Add(byGrant[false]);
    }

    private static IEnumerable<string> LeftOut(AgentState state) =>
        OfferedEndpoints.LeftOut(state.Offered.Count(offered => offered.Source == EndpointSource.Configured), state.Underlay?.Addresses.Length ?? 0) is { } text
            ? [text] : [];

    /// <summary>This node in the map; null before there is one, and in the map of a mesh that has removed it.</summary>
    private static MeshNode? Self(AgentState state) =>
        state is { Plan: { } plan, Map: { } map } ? map.Nodes.GetValueOrDefault(plan.Self) : null;

    private static void AddPeers(AgentStatus status, AgentState state, Func<Mesh.Identity.NodeId, double?> rtt)
    {
        var engine = PeerStatuses.Of(state.Dataplane);
        var bgp = (state.Routing?.Neighbors ?? []).ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        // Once for all peers: each asks for them, and a large mesh has thousands.
        var transits = Transits.Of(state);
        foreach (var peer in state.Plan!.WireGuard.Peers)
        {
            if (state.Map!.Nodes.TryGetValue(peer.Node, out var node))
                status.Peers.Add(Peer(state, transits, node, engine.Find(peer), bgp.GetValueOrDefault(node.Id.LinkName), rtt(node.Id)));
        }
    }

    private static WirePeer Peer(AgentState state, Transits transits, MeshNode node, EnginePeer? engine, NeighborStatus? bgp, double? rtt)
    {
        var isUp = engine is { LastReceiveAgeMs: >= 0 } && engine.LastReceiveAgeMs < EndpointChooser.WorkingFor.TotalMilliseconds;
        var (path, reason) = Path(state, transits, node, isUp, bgp);
        return new WirePeer
        {
            NodeId = node.Id.Value,
            Hostname = node.HostName,
            Address4 = node.Address4.ToString(),
            Address6 = node.Address6.ToString(),
            Asn = node.Asn.Value,
            Link = node.Id.LinkName,
            Transit = node.IsTransit,
            Endpoint = engine?.Endpoint?.ToString() ?? "",
            HandshakeAgeSeconds = engine is { LastHandshakeAgeMs: >= 0 } ? engine.LastHandshakeAgeMs / 1000 : -1,
            RxBytes = (ulong)(engine?.RxBytes ?? 0),
            TxBytes = (ulong)(engine?.TxBytes ?? 0),
            RttMs = isUp ? rtt ?? UnknownRtt : UnknownRtt,
            BgpState = bgp?.BgpState ?? "",
            BfdState = bgp?.BfdState ?? "",
            PrefixesReceived = (uint)(bgp?.PrefixesReceived ?? 0),
            Path = path,
            PathReason = reason,
        };
    }

    /// <summary>
    /// What is, as far as it is seen: a working link is a direct path. Without one, a transit node with which we have a session, and
    /// that can reach the peer, carries the traffic.
    /// </summary>
    private static (string Path, string Reason) Path(AgentState state, Transits transits, MeshNode node, bool isUp, NeighborStatus? bgp)
    {
        if (isUp && (bgp is null || bgp.BgpState == Established))
            return ("direct", "");
        var expected = Self(state) is { } me ? PathFinder.Between(transits.All, me, node) : NoMember;
        var why = expected.Kind switch
        {
            PathKind.Direct when isUp => $"The tunnel is up, BGP is {bgp?.BgpState ?? "not there"}.",
            PathKind.Direct => "The peer does not answer at any of its endpoints.",
            _ => expected.Reason,
        };
        return (expected.Kind != PathKind.None && transits.InSession.Exists(transit => transit.Id != node.Id && PathFinder.IsDirect(transit, node)) ? "transit" : "none", why);
    }

    /// <param name="All">Of the map.</param>
    /// <param name="InSession">Those with which this node speaks BGP.</param>
    private sealed record Transits(List<MeshNode> All, List<MeshNode> InSession)
    {
        public static Transits Of(AgentState state)
        {
            var up = (state.Routing?.Neighbors ?? []).Where(neighbor => neighbor.BgpState == Established).Select(neighbor => neighbor.Interface).ToHashSet(StringComparer.Ordinal);
            var all = state.Map!.Nodes.Values.Where(node => node.IsTransit).ToList();
            return new Transits(all, all.FindAll(node => up.Contains(node.Id.LinkName)));
        }
    }

    private static ComponentStatus Dataplane(AgentState state)
    {
        var status = Component(state, "dataplane");
        status.Build = state.Dataplane?.Build?.Describe() ?? "";
        return status;
    }

    private static ComponentStatus Component(AgentState state, string name)
    {
        if (!state.Components.TryGetValue(name, out var report))
            return new ComponentStatus { State = "starting" };
        return new ComponentStatus { State = Word(report.State), Kind = report.Kind, Reason = report.Reason, Errors = { report.Errors } };
    }

    private static string Word(ComponentState state) => state switch
    {
        ComponentState.Ok => "ok",
        ComponentState.Starting => "starting",
        ComponentState.Degraded => "degraded",
        ComponentState.Failed => "failed",
        _ => "off",
    };

    private static string Word(LinkState state) => state switch
    {
        LinkState.Connected => "connected",
        LinkState.Connecting => "connecting",
        LinkState.Refused => "refused",
        _ => "unreachable",
    };
}
