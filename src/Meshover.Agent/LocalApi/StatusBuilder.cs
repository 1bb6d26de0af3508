using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Diagnosing;
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
using WireAnnouncement = Meshover.Contract.V1.Announcement;
using WireKeyChange = Meshover.Contract.V1.KeyChange;
using WirePeer = Meshover.Contract.V1.PeerStatus;

namespace Meshover.Agent.LocalApi;

/// <summary>Turns the agent's state into the status message. Pure but for the clock and the measured round trips.</summary>
internal static class StatusBuilder
{
    private const double UnknownRtt = -1;
    private const int MostMissing = 10;
    private const string Established = "Established";
    private const string Direct = "direct";
    private const string Transit = "transit";
    private const string None = "none";
    private const string Unanswered = "The peer does not answer at any of its endpoints.";
    private const string Gone = "The peer does not answer at any of its endpoints, and no other node reaches it: it is off or cut off.";
    private static readonly PathExpectation NoMember = new(PathKind.None, "This node is not a member of the mesh any more.");

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
            Routing = Component(state, Wanted.Routing),
            Kernel = Component(state, Wanted.Kernel),
            Generation = state.Wanted.Generation,
            Draining = DeclaredWords.Of(state.Drain),
        };
        AddNumbers(status, identity.Numbers);
        AddKey(status, state, identity, now);
        AddOwn(status, state);
        status.Findings.Add(FindingList.Of(state.Findings));
        status.Neighbors.Add(ExternalNeighborStatuses.Of(state.Plan?.Routing, state.Routing));
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
        var can = (state.Capabilities?.All ?? []).ToLookup(capability => capability.Has, capability => capability.Name);
        status.KernelHas.Add(can[true]);
        status.KernelLacks.Add(can[false]);
        status.Endpoints.Add(state.Offered.Select(WireFormat.FromEndpoint));
        status.Notices.Add(state.Notices.Values.Concat(Own(state)).Concat((state.Plan?.Warnings ?? []).Select(warning => warning.Text)));
        if (Self(state) is not { } me)
            return;
        status.Transit = me.IsTransit;
        status.FurtherAddresses.Add(me.FurtherAddresses.Select(WireFormat.FromFurther));
        var byGrant = state.Announced.ToLookup(prefix => me.Grants.Any(grant => grant.Covers(prefix)), prefix => prefix.ToString());
        status.Announced.Add(byGrant[true]);
        status.AnnouncedNotGranted.Add(byGrant[false]);
        var declared = state.Announcements.Sources.SelectMany(source => source.Declared).ToDictionary(one => one.Prefix);
        status.Announcements.Add(state.Announcements.Merge().Select(asked => Announcement(asked, me, state.Announced, declared.GetValueOrDefault(asked.Announcement.Prefix))));
        status.AnnouncementSources.Add(state.Announcements.Sources.Where(source => source.Status != DeclaredAnnouncements.Nothing).Select(source => new AnnouncementSource { Name = source.Source, Status = source.Status }));
    }

    private static void AddConditions(WireAnnouncement wire, DeclaredStatus declared, Mesh.Planning.Announcement announcement)
    {
        wire.Mode = DeclaredWords.Of(declared.Of.Mode);
        wire.Role = DeclaredWords.Of(declared.Role);
        wire.Check = declared.Of.Check?.Text ?? "";
        wire.Reason = declared.Reason;
        wire.ExpiresUnix = declared.Expires?.ToUnixTimeSeconds() ?? 0;
        wire.DeclaredBy = declared.By;
        wire.AddressHeld = announcement.HoldsAddress;
    }

    private static WireAnnouncement Announcement(AskedAnnouncement asked, MeshNode me, ImmutableArray<IPNetwork> announced, DeclaredStatus? declared)
    {
        var (announcement, sources) = asked;
        var wire = new WireAnnouncement
        {
            Prefix = announcement.Prefix.ToString(),
            Sources = { sources },
            Granted = me.Grants.Any(grant => grant.Covers(announcement.Prefix)),
            Withdrawn = !announced.Contains(announcement.Prefix),
            Communities = { announcement.Communities.Select(community => community.ToString()) },
        };
        if (announcement.Med is { } med)
            wire.Med = med;
        if (declared is not null)
            AddConditions(wire, declared, announcement);
        return wire;
    }

    private static IEnumerable<string> Own(AgentState state)
    {
        foreach (var notice in state.OwnNotices.Append(state.PlanProblem).Where(notice => notice.Length > 0))
            yield return notice;
        if (OfferedEndpoints.LeftOut(state.Offered.Count(offered => offered.Source == EndpointSource.Configured), state.Underlay?.Addresses.Length ?? 0) is { } leftOut)
            yield return leftOut;
        foreach (var conflict in OwnNotices.ConflictsOf(state).Where(conflict => !conflict.IsNotInstalled))
            yield return OwnNotices.OfConflict(conflict);
        if (Self(state) is { } me)
        {
            foreach (var (_, text) in OwnNotices.OfRefused(state, me))
                yield return text;
        }
        if (state.Map is not { } map)
            yield break;
        if (map.SettingsProblem.Length > 0)
            yield return OwnNotices.OfSettings(map);
        foreach (var (node, why) in map.LeftOut)
            yield return OwnNotices.OfLeftOut($"{node}", why);
    }

    /// <summary>This node in the map; null before there is one, and in the map of a mesh that has removed it.</summary>
    private static MeshNode? Self(AgentState state) =>
        state is { Plan: { } plan, Map: { } map } ? map.Nodes.GetValueOrDefault(plan.Self) : null;

    private static void AddPeers(AgentStatus status, AgentState state, Func<Mesh.Identity.NodeId, double?> rtt)
    {
        var engine = PeerStatuses.Of(state.Dataplane);
        var bgp = (state.Routing?.Neighbors ?? []).ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        var models = (state.Plan!.Routing?.Neighbors ?? []).ToDictionary(neighbor => neighbor.Node);
        // Once for all peers: each asks for them, and a large mesh has thousands.
        var transits = state.Map!.Nodes.Values.Where(node => node.IsTransit).ToList();
        foreach (var peer in state.Plan!.WireGuard.Peers)
        {
            if (state.Map!.Nodes.TryGetValue(peer.Node, out var node))
                status.Peers.Add(Peer(state, transits, node, engine.Find(peer), bgp.GetValueOrDefault(node.Id.LinkName), rtt(node.Id), models.GetValueOrDefault(node.Id)));
        }
        MarkSilent(status);
    }

    /// <summary>
    /// Where others are reached, the way out of this machine is in order: one of which nothing is heard, by no way, is off or cut off itself.
    /// </summary>
    private static void MarkSilent(AgentStatus status)
    {
        if (!status.Peers.Any(peer => peer.Path == Direct))
            return;
        foreach (var peer in status.Peers.Where(peer => peer is { Path: None, PathReason: Unanswered }))
            (peer.Silent, peer.PathReason) = (true, Gone);
    }

    private static WirePeer Peer(AgentState state, List<MeshNode> transits, MeshNode node, EnginePeer? engine, NeighborStatus? bgp, double? rtt, NeighborModel? model)
    {
        var isUp = engine is { LastReceiveAgeMs: >= 0 } && engine.LastReceiveAgeMs < EndpointChooser.WorkingFor.TotalMilliseconds;
        var (path, reason) = Path(state, transits, node, isUp, bgp);
        return new WirePeer
        {
            NodeId = node.Id.Value,
            Hostname = node.HostName,
            Address4 = node.Address4.ToString(),
            Address6 = node.Address6.ToString(),
            FurtherAddresses = { node.FurtherAddresses.Select(WireFormat.FromFurther) },
            Asn = node.Asn.Value,
            Link = node.Id.LinkName,
            Transit = node.IsTransit,
            Draining = node.IsDraining,
            Endpoint = engine?.Endpoint?.ToString() ?? "",
            HandshakeAgeSeconds = engine is { LastHandshakeAgeMs: >= 0 } ? engine.LastHandshakeAgeMs / 1000 : -1,
            RxBytes = (ulong)(engine?.RxBytes ?? 0),
            TxBytes = (ulong)(engine?.TxBytes ?? 0),
            RttMs = isUp ? rtt ?? UnknownRtt : UnknownRtt,
            LinkCost = (uint)(model?.Cost ?? 0),
            BfdProfile = model is null ? "" : model.BfdProfile.ToString().ToLowerInvariant(),
            BgpState = bgp?.BgpState ?? "",
            BfdState = bgp?.BfdState ?? "",
            PrefixesReceived = (uint)(bgp?.PrefixesReceived ?? 0),
            Path = path,
            PathReason = reason,
        };
    }

    /// <summary>
    /// What is, as far as it is seen: a working link is a direct path. Without one, a transit node carries the traffic, if BGP has a route
    /// to the peer: the transit node tells one as long as it reaches the peer itself.
    /// </summary>
    private static (string Path, string Reason) Path(AgentState state, List<MeshNode> transits, MeshNode node, bool isUp, NeighborStatus? bgp)
    {
        if (isUp && (bgp is null || bgp.BgpState == Established))
            return (Direct, "");
        var expected = Self(state) is { } me ? PathFinder.Between(transits, me, node) : NoMember;
        var why = expected.Kind switch
        {
            PathKind.Direct when isUp => $"The tunnel is up, BGP is {bgp?.BgpState ?? "not running"}.",
            PathKind.Direct => Unanswered,
            _ => expected.Reason,
        };
        return (state.Routed.Contains(node.Address4) || state.Routed.Contains(node.Address6) ? Transit : None, why);
    }

    private static ComponentStatus Dataplane(AgentState state)
    {
        var status = Component(state, Wanted.Dataplane);
        status.Build = state.Dataplane?.Build?.Describe() ?? "";
        return status;
    }

    private static ComponentStatus Component(AgentState state, string name)
    {
        if (!state.Applied.Reports.TryGetValue(name, out var report))
            return new ComponentStatus { State = "starting" };
        return new ComponentStatus
        {
            State = Word(report.State),
            Kind = report.Kind,
            Reason = report.Reason,
            Errors = { report.Errors },
            AppliedGeneration = state.Applied.Newest(name, state.Wanted),
        };
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
