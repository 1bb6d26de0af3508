using System.Net;
using Meshover.Agent;
using Meshover.Agent.Announcing;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.LocalApi;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using EnginePeer = Meshover.WireGuard.Control.PeerStatus;
using WirePeer = Meshover.Contract.V1.PeerStatus;

namespace Meshover.UnitTests.Agent.LocalApi;

/// <summary>What node 1 says of itself and of its peers.</summary>
public sealed class StatusBuilderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeIdentity Identity = IdentityFactory.Create("n1", TimeProvider.System) with { CredentialExpires = 1234 };
    private static readonly long Silent = (long)EndpointChooser.WorkingFor.TotalMilliseconds;

    [Fact]
    public void Build_NothingKnownYet_SaysSo()
    {
        var status = StatusBuilder.Build(new AgentState { ControllerError = "No controller answers." }, Identity, _ => null, Now);
        Assert.Equal(("n1", "connecting", "No controller answers."), (status.Hostname, status.ControllerState, status.ControllerError));
        Assert.Equal((-1, 1234), (status.MapAgeSeconds, status.CredentialExpiresUnix));
        Assert.Equal(["starting", "starting", "starting"], new[] { status.Dataplane, status.Routing, status.Kernel }.Select(part => part.State));
        Assert.Empty(status.Peers);
    }

    [Fact]
    public void Build_NumbersAndMap_AreShownWithTheAgeOfTheMap()
    {
        var me = TestMesh.Node(1);
        var identity = Identity with { Numbers = new NodeNumbers(me.Id, me.Address4, me.Address6, me.TunnelAddress, me.Asn) };
        var state = State(TestMesh.Full(2)) with { Link = LinkState.Unreachable, LastHeard = Now - TimeSpan.FromSeconds(90.7) };
        var status = StatusBuilder.Build(state, identity, _ => null, Now);
        Assert.Equal((1u, "10.249.0.1", "198.18.0.1", 4_200_000_001), (status.NodeId, status.Address4, status.TunnelAddress, status.Asn));
        Assert.Equal(("unreachable", "store", 7, 90), (status.ControllerState, status.StoreId, status.MapRevision, status.MapAgeSeconds));
        Assert.Equal(0, StatusBuilder.Build(state with { LastHeard = Now + TimeSpan.FromMinutes(4) }, identity, _ => null, Now).MapAgeSeconds);
    }

    [Fact]
    public void Build_Component_IsShownWithItsKindAndErrors()
    {
        var report = new ReconcileReport { State = ComponentState.Degraded, Kind = "frr 8.4.4", Errors = ["/etc/meshover/bgpd.conf.liquid(1,2): no."] };
        var status = Build(State(TestMesh.Full(1)) with { Applied = new Applied().With("routing", report, generation: 1) });
        Assert.Equal(("degraded", "frr 8.4.4", report.Errors[0]), (status.Routing.State, status.Routing.Kind, Assert.Single(status.Routing.Errors)));
    }

    [Fact]
    public void Build_Announced_IsPartedByWhatTheGrantsCover()
    {
        var state = State(TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"))) with { Announced = [IPNetwork.Parse("10.64.1.0/24"), IPNetwork.Parse("10.65.0.0/16")] };
        var configured = new ConfiguredAnnouncements([.. state.Announced, IPNetwork.Parse("10.66.0.0/16")]);
        state = state with { Announcements = new AnnouncementSet { Sources = [configured.Current] } };
        var status = Build(state);
        Assert.Equal(["10.64.1.0/24"], status.Announced);
        Assert.Equal(["10.65.0.0/16"], status.AnnouncedNotGranted);
        Assert.Equal([("10.64.1.0/24", true, false), ("10.65.0.0/16", false, false), ("10.66.0.0/16", false, true)],
            status.Announcements.Select(asked => (asked.Prefix, asked.Granted, asked.Withdrawn)));
        Assert.All(status.Announcements, asked => Assert.Equal("configuration", Assert.Single(asked.Sources)));
        Assert.Equal(("configuration", "3 prefixes"), (status.AnnouncementSources[0].Name, status.AnnouncementSources[0].Status));
    }

    [Fact]
    public void Build_RouteThatIsNotUsed_IsNamedWithWhoseComesFirst()
    {
        var routing = new RoutingStatus { State = RoutingState.Running, Conflicts = [new("10.64.2.0/24", "kernel", "eth0"), new("0.0.0.0/0", "static", "")] };
        var notices = Build(State(TestMesh.Full(1)) with { Routing = routing }).Notices;
        Assert.Contains(notices, notice => notice.StartsWith("The mesh's route to 10.64.2.0/24 is not used: this machine has its own, which comes first (kernel, by eth0).", StringComparison.Ordinal));
        Assert.Contains(notices, notice => notice.Contains("(static)", StringComparison.Ordinal));
    }

    [Fact]
    public void Build_PrefixThatThisNodeAnnouncesToo_IsNoConflict()
    {
        var routing = new RoutingStatus { State = RoutingState.Running, Conflicts = [new("10.64.2.0/24", "connected", "kube-lb0")] };
        Assert.Empty(Build(State(TestMesh.Full(1)) with { Routing = routing, Announced = [IPNetwork.Parse("10.64.2.0/24")] }).Notices);
    }

    [Fact]
    public void Build_SourceWithPrefixesThatAreNotGranted_IsOneNotice()
    {
        var found = new SourceAnnouncements("table 119", "") { Announcements = [IPNetwork.Parse("10.64.1.0/24"), IPNetwork.Parse("10.99.0.0/30"), IPNetwork.Parse("10.99.0.4/30")] };
        var state = State(TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"))) with { Announcements = new AnnouncementSet { Sources = [found] } };
        Assert.Equal(
            "table 119: 10.99.0.0/30 and 1 more are not granted, and so not announced. An administrator grants with `meshover grant add n1 PREFIX --max-length LENGTH`.",
            Assert.Single(Build(state).Notices));
    }

    [Fact]
    public void Build_Notices_AreTheControllersThenOursThenThePlans()
    {
        var state = State(TestMesh.Full(1));
        state = state with { Notices = state.Notices.Add("Removed", "of the controller"), OwnNotices = ["ours"], Plan = state.Plan! with { Warnings = [new(Meshover.Mesh.Findings.FindingKinds.UnderlayMtu, "", "of the plan")] } };
        Assert.Equal(["of the controller", "ours", "of the plan"], Build(state).Notices);
    }

    [Fact]
    public void Build_WorkingPeerWithItsSession_IsReachedDirectly()
    {
        var peer = Assert.Single(Build(State(TestMesh.Full(2), [Heard(2, 0)], [Session(2)]), rtt: 1.5).Peers);
        Assert.Equal(("n2", "mo-00000002", "[2001:db8::2]:12912"), (peer.Hostname, peer.Link, peer.Endpoint));
        Assert.Equal(("direct", "", "Established", "up", 4u), (peer.Path, peer.PathReason, peer.BgpState, peer.BfdState, peer.PrefixesReceived));
        Assert.Equal((61, 100ul, 200ul, 1.5), (peer.HandshakeAgeSeconds, peer.RxBytes, peer.TxBytes, peer.RttMs));
    }

    [Fact]
    public void Build_Peer_IsShownWithWhatItsLinkCostsAtThisEnd()
    {
        var state = State(TestMesh.Full(3));
        var routing = state.Plan!.Routing! with { Neighbors = [.. state.Plan.Routing!.Neighbors.Select(neighbor => neighbor with { Cost = neighbor.Node == new NodeId(3) ? 60 : 25 })] };
        Assert.Equal([25u, 60u], Build(state with { Plan = state.Plan with { Routing = routing } }).Peers.OrderBy(peer => peer.NodeId).Select(peer => peer.LinkCost));
        Assert.Equal(0u, Peer(state with { Plan = state.Plan with { Routing = null } }, 2).LinkCost);
    }

    [Fact]
    public void Build_Peer_IsShownWithItsProfileOfBfd()
    {
        var state = State(TestMesh.Full(3));
        var routing = state.Plan!.Routing! with { Neighbors = [.. state.Plan.Routing!.Neighbors.Select(neighbor => neighbor with { BfdProfile = neighbor.Node == new NodeId(3) ? BfdProfile.Lossy : BfdProfile.Lan })] };
        Assert.Equal(["lan", "lossy"], Build(state with { Plan = state.Plan with { Routing = routing } }).Peers.OrderBy(peer => peer.NodeId).Select(peer => peer.BfdProfile));
        Assert.Equal("", Peer(state with { Plan = state.Plan with { Routing = null } }, 2).BfdProfile);
    }

    [Fact]
    public void Build_NoRoutingOnThisNode_IsDirectByTheTunnelAlone() =>
        Assert.Equal("direct", Peer(State(TestMesh.Full(2), [Heard(2, 0)], []), 2).Path);

    [Fact]
    public void Build_PeerThatTheEngineDoesNotKnowYet_HasNothingButItsNumbers()
    {
        var peer = Peer(State(TestMesh.Full(2)), 2);
        Assert.Equal(("", -1, -1.0, ""), (peer.Endpoint, peer.HandshakeAgeSeconds, peer.RttMs, peer.BgpState));
        Assert.Equal(("none", "The peer does not answer at any of its endpoints."), (peer.Path, peer.PathReason));
    }

    [Fact]
    public void Build_SilentPeer_GoesByATransitNodeWhereBgpHasARouteAndItsRoundTripIsNotShown()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2), TestMesh.Node(3) with { IsTransit = true });
        var state = State(map, [Heard(2, Silent), Heard(3, 0)], [Session(2, "Connect"), Session(3)]);
        var peer = Peer(state with { Routed = [TestMesh.Node(2).Address4] }, 2, rtt: 1.5);
        Assert.Equal(("transit", "The peer does not answer at any of its endpoints."), (peer.Path, peer.PathReason));
        Assert.Equal(-1, peer.RttMs);
        Assert.False(peer.Silent);
    }

    [Fact]
    public void Build_PeerThatIsOff_IsNoTransitThoughTheMapSaysThatATransitNodeCouldReachIt()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2), TestMesh.Node(3) with { IsTransit = true });
        var peer = Peer(State(map, [Heard(2, Silent), Heard(3, 0)], [Session(2, "Connect"), Session(3)]), 2);
        Assert.Equal(("none", true), (peer.Path, peer.Silent));
        Assert.EndsWith("it is off or cut off.", peer.PathReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_NobodyAnswers_IsNotSaidToBeTheOthersFault() =>
        Assert.All(Build(State(TestMesh.Full(3), [Heard(2, Silent), Heard(3, Silent)], [])).Peers, peer => Assert.Equal(("none", false), (peer.Path, peer.Silent)));

    [Fact]
    public void Build_WhatCouldNotBeUsed_IsNamed()
    {
        var map = TestMesh.Full(2) with { SettingsProblem = "0 is not a TCP port", LeftOut = TestMesh.Full(1).LeftOut.Add(new NodeId(9), "it has no id") };
        var notices = Build(State(map) with { PlanProblem = "no plan" }).Notices;
        Assert.Equal("no plan", notices[0]);
        Assert.Contains("0 is not a TCP port", notices[1], StringComparison.Ordinal);
        Assert.Contains("node 9", notices[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Build_TunnelUpAndSessionNot_SaysWhatBgpSays() =>
        Assert.Equal("The tunnel is up, BGP is Connect.", Peer(State(TestMesh.Full(2), [Heard(2, 0)], [Session(2, "Connect")]), 2).PathReason);

    [Fact]
    public void Build_BothBehindNats_NamesThatAsTheReason()
    {
        var map = TestMesh.Of(TestMesh.Node(1) with { IsBehindNat = true }, TestMesh.Node(2) with { IsBehindNat = true });
        var peer = Peer(State(map), 2);
        Assert.Equal("none", peer.Path);
        Assert.Contains("both are behind NATs", peer.PathReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_MapThatNoLongerHasThisNode_StillShowsWhatIs()
    {
        var state = State(TestMesh.Full(3), [Heard(2, 0)], [Session(2)]);
        var status = Build(state with { Link = LinkState.Refused, Map = TestMesh.Of(TestMesh.Node(2), TestMesh.Node(3)) });
        Assert.Equal("refused", status.ControllerState);
        Assert.Equal(["direct", "none"], status.Peers.Select(peer => peer.Path));
        Assert.Equal("This node is not a member of the mesh any more.", status.Peers[1].PathReason);
    }

    private static AgentStatus Build(AgentState state, double? rtt = null) => StatusBuilder.Build(state, Identity, _ => rtt, Now);

    private static WirePeer Peer(AgentState state, uint node, double? rtt = null) => Build(state, rtt).Peers.Single(peer => peer.NodeId == node);

    private static AgentState State(MeshMap map, EnginePeer[]? engine = null, NeighborStatus[]? sessions = null) => new AgentState
    {
        Plan = NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth()),
        Dataplane = engine is null ? null : new DataplaneStatus { Version = "test", Peers = [.. engine] },
        Routing = sessions is null ? null : new RoutingStatus { State = RoutingState.Running, Neighbors = [.. sessions] },
    }.WithMap(map, retained: null);

    private static EnginePeer Heard(uint node, long agoMs) => new()
    {
        PublicKey = new WireGuardKey(TestMesh.Node(node).WireGuardKeys[0].Bytes),
        Endpoint = TestMesh.Node(node).Endpoints[0].EndPoint,
        LastHandshakeAgeMs = 61_999,
        LastReceiveAgeMs = agoMs,
        RxBytes = 100,
        TxBytes = 200,
    };

    private static NeighborStatus Session(uint node, string state = "Established") =>
        new() { Interface = new NodeId(node).LinkName, BgpState = state, PrefixesReceived = 4, UptimeMs = 0, BfdUp = true };
}
