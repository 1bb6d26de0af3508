using System.Net;
using Meshover.Agent;
using Meshover.Agent.Announcing;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Reconciling;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Xunit;

namespace Meshover.UnitTests.Agent.Diagnosing;

/// <summary>What node 1 finds wrong: the code, and what it is about.</summary>
public sealed class NodeFindingsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Uptime = TimeSpan.FromHours(3);
    private static readonly TimeSpan Unanswered = TimeSpan.FromSeconds(4);

    [Fact]
    public void AllWell_NothingIsFound() => Assert.Empty(Find(State(3)));

    [Theory]
    [InlineData(100, "Connect", false, "bgp-down")]
    [InlineData(100, "Connect", true, "tunnel-one-way")]
    [InlineData(2_000, "Idle", false, "bgp-down")] // just now: nothing else is known of it yet
    [InlineData(7_000, "Idle", true, "peer-off")]
    [InlineData(20_000, "Established", true, "peer-off")]
    public void Link_ThatIsNotUp_HasItsCause(long heardMs, string bgp, bool isUnanswered, string code) =>
        Assert.Equal([(code, "n2")], Find(State(3, (2, heardMs, bgp)), isUnanswered ? [2u] : []));

    [Fact]
    public void Link_ThatIsSilentWhileOthersReachThePeer_IsBlockedBetweenTheTwo() =>
        Assert.Equal([("peer-unreached", "n2")], Find(State(3, (2, 20_000, "Idle")) with { Routed = [TestMesh.Node(2).Address4] }));

    [Fact]
    public void Links_OfWhichNoneIsHeard_AreOneFinding() =>
        Assert.Equal([("underlay-cut", "")], Find(State(4, (2, 20_000, "Idle"), (3, 20_000, "Idle"), (4, 20_000, "Idle"))));

    [Fact]
    public void Link_ThatIsTheOnlyOne_IsOfAPeerThatIsOff() => Assert.Equal([("peer-off", "n2")], Find(State(2, (2, 20_000, "Idle"))));

    /// <summary>The one that cannot be called direct says nothing of this machine.</summary>
    [Fact]
    public void Link_ThatIsTheOnlyDirectOne_IsOfAPeerThatIsOff()
    {
        var map = TestMesh.Of(TestMesh.Node(1) with { IsBehindNat = true }, TestMesh.Node(2) with { IsBehindNat = true }, TestMesh.Node(3));
        Assert.Equal([("no-direct-path", "n2"), ("peer-off", "n3")], Find(State(map, (2, -1, "Idle"), (3, 20_000, "Idle"))));
    }

    [Fact]
    public void Links_BeforeTheirFirstHandshakes_AreNoFindingUntilTheyHaveHadTheirTime()
    {
        var state = State(3, (2, -1, "Idle"), (3, -1, "Idle"));
        Assert.Empty(Find(state with { DataplaneKnownSince = Uptime - TimeSpan.FromSeconds(3) }));
        Assert.Empty(Find(State(3, (2, -1, "Idle")) with { DataplaneKnownSince = Uptime - TimeSpan.FromSeconds(3) }));
        Assert.Equal([("underlay-cut", "")], Find(state with { DataplaneKnownSince = Uptime - LinkView.Awaited }));
    }

    [Fact]
    public void Findings_WhoseSourceSaysNothingForAMoment_AreAsTheyWere()
    {
        var shadowed = State(3, (2, 20_000, "Idle"));
        shadowed = shadowed with { Routing = shadowed.Routing! with { Conflicts = [new("10.64.2.0/24", "kernel", "eth0")] } };
        shadowed = shadowed with { Findings = NodeFindings.Of(shadowed, Links(shadowed), ownKey: null, Now, Uptime) };
        Assert.Equal([("route-shadowed", "10.64.2.0/24"), ("peer-off", "n2")], Codes(shadowed.Findings));

        Assert.Equal(Codes(shadowed.Findings), Held(shadowed with { Routing = null }));
        Assert.Equal(Codes(shadowed.Findings), Held(shadowed with { Routing = new RoutingStatus { State = RoutingState.Running, IsUnread = true } }));
        Assert.Contains(("route-shadowed", "10.64.2.0/24"), Held(shadowed with { Routing = new RoutingStatus { State = RoutingState.Starting } }));
        Assert.Empty(Held(shadowed with { Routing = State(3).Routing, Dataplane = State(3).Dataplane }));
        Assert.Equal([("route-shadowed", "10.64.2.0/24")], Held((shadowed with { Routing = null }).WithMap(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(3)), retained: null)));
    }

    [Fact]
    public void UnderlayCut_WhileFrrIsNotRead_Stays()
    {
        var cut = State(3, (2, 20_000, "Idle"), (3, 20_000, "Idle"));
        cut = cut with { Findings = NodeFindings.Of(cut, Links(cut), ownKey: null, Now, Uptime) };
        Assert.Equal([("underlay-cut", "")], Held(cut with { Routing = cut.Routing! with { IsUnread = true } }));
    }

    [Fact]
    public void Link_OfTwoBehindNats_HasNoDirectPath()
    {
        var map = TestMesh.Of(TestMesh.Node(1) with { IsBehindNat = true }, TestMesh.Node(2) with { IsBehindNat = true }, TestMesh.Node(3));
        Assert.Equal([("no-direct-path", "n2")], Find(State(map, (2, -1, "Idle"), (3, 0, "Established"))));
    }

    [Fact]
    public void Links_WhileFrrDoesNotAnswer_AreNotJudged() => Assert.Empty(Find(State(3, (2, 20_000, "Idle")) with { Routing = null }));

    [Fact]
    public void Controller_ByWhatKeepsUsFromIt()
    {
        var state = State(1) with { Link = LinkState.Unreachable, ControllerError = "No controller answers." };
        Assert.Equal([("controller-unreachable", "")], Find(state));
        Assert.Equal([("controller-name", "")], Find(state with { ControllerFault = FindingKinds.ControllerName }));
        Assert.Equal([("controller-certificate", "")], Find(state with { Link = LinkState.Refused, ControllerFault = FindingKinds.ControllerCertificate }));
        Assert.Equal([("controller-refused", "")], Find(state with { Link = LinkState.Refused }));
    }

    [Theory]
    [InlineData(3600, "behind", true)]
    [InlineData(-3600, "ahead of", true)]
    [InlineData(50, "", false)]
    public void Clock_OffByAnHour_IsFoundAlsoWhereItIsSetWhileWeAreConnected(int seconds, string word, bool isFound)
    {
        // At the hello both agreed; since then ours was set.
        var state = State(1) with { ControllerClock = Now + TimeSpan.FromSeconds(seconds) - Uptime };
        var found = NodeFindings.Of(state, [], ownKey: null, Now, Uptime);
        Assert.Equal(isFound, found.Any(finding => finding.Kind == FindingKinds.ClockSkew && finding.Text.Contains(word, StringComparison.Ordinal)));
    }

    [Fact]
    public void Announcements_AgainstGrants()
    {
        var configured = new ConfiguredAnnouncements([IPNetwork.Parse("10.64.1.0/24"), IPNetwork.Parse("10.99.0.0/24")]);
        var map = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24", "10.70.0.0/16"));
        var state = State(map) with
        {
            Announced = [IPNetwork.Parse("10.64.1.0/24"), IPNetwork.Parse("10.99.0.0/24")],
            Announcements = new AnnouncementSet { Sources = [configured.Current] },
        };
        var settings = new NodeSettings { Announce = [.. state.Announced.Select(prefix => new Announcement(prefix))] };
        state = state with { Plan = NodePlanner.Plan(map, new NodeId(1), settings, new NodeCapabilities(), new NodeHealth()) };
        Assert.Equal([("announcement-not-granted", "10.99.0.0/24"), ("grant-unused", "10.70.0.0/16")], Find(state));
    }

    [Fact]
    public void Routes_ThatAreNotUsedOrNotInTheKernel()
    {
        var state = State(1);
        state = state with { Routing = state.Routing! with { Conflicts = [new("10.64.2.0/24", "kernel", "eth0"), new("10.64.3.0/24", "", "") { IsNotInstalled = true }] } };
        Assert.Equal([("route-shadowed", "10.64.2.0/24"), ("route-not-installed", "10.64.3.0/24")], Find(state));
    }

    [Fact]
    public void Dataplane_UnderAnotherKey_IsFound()
    {
        var (mine, other) = (new WireGuardKey(TestMesh.Node(1).WireGuardKeys[0].Bytes), new WireGuardKey(TestMesh.Node(9).WireGuardKeys[0].Bytes));
        var state = State(1);
        Assert.Empty(Codes(NodeFindings.Of(state with { Dataplane = state.Dataplane! with { PublicKey = mine } }, [], mine.ToString(), Now, Uptime)));
        Assert.Equal([("key-differs", "")], Codes(NodeFindings.Of(state with { Dataplane = state.Dataplane! with { PublicKey = other } }, [], mine.ToString(), Now, Uptime)));
    }

    [Fact]
    public void Link_NarrowerThanPlanned_IsFound()
    {
        var state = State(3);
        var peers = state.Dataplane!.Peers.Select(peer => peer with { LinkMtu = 1280 }).Take(1);
        Assert.Equal([("path-mtu", "n2")], Find(state with { Dataplane = state.Dataplane with { Peers = [.. peers, .. state.Dataplane.Peers.Skip(1)] } }));
    }

    [Fact]
    public void Components_ByTheirCodesAndByTheirOwnWhereThereIsNone()
    {
        var report = new ReconcileReport
        {
            State = ComponentState.Degraded,
            Errors = ["nft is not there", "something else"],
            Findings = [new Finding(FindingKinds.NftablesMissing, "", "nft is not there")],
        };
        Assert.Equal([("nftables-missing", ""), ("kernel-refused", "kernel")], Find(State(1) with { Applied = new Applied().With("kernel", report, 1) }));
    }

    [Fact]
    public void Errors_OfWhichTheWordsChange_AreTheSameFinding()
    {
        static AgentState With(params string[] errors) => State(1) with { Applied = new Applied().With("kernel", new ReconcileReport { State = ComponentState.Degraded, Errors = [.. errors] }, 1) };
        Assert.Equal(Find(With("process 17 is gone")), Find(With("process 18 is gone", "12 routes are missing")));
    }

    [Theory]
    [InlineData(1 << 20, 100, false, false)]
    [InlineData((1 << 20) - 1, 100, false, true)]
    [InlineData((1 << 20) + 1, 100, true, true)] // it hovers about the bound
    [InlineData(2 << 20, 100, true, false)]
    [InlineData(2 << 20, 7, false, true)] // no inodes
    [InlineData(2 << 20, 8, true, true)]
    public void Disk_IsFullUntilThereIsTwiceTheRoom(long free, long files, bool wasFull, bool isFull)
    {
        var former = wasFull ? new Finding(FindingKinds.DiskFull, "") : null;
        Assert.Equal(isFull, StateDirectory.Fault("/var/lib/meshover", isReadOnly: false, free, files, former)?.Kind == FindingKinds.DiskFull);
        Assert.Equal(FindingKinds.StateReadOnly, StateDirectory.Fault("/var/lib/meshover", isReadOnly: true, free, files, former)?.Kind);
        Assert.Null(StateDirectory.Fault("/var/lib/meshover", isReadOnly: false, free: null, freeFiles: null, former: null));
    }

    [Fact]
    public void WhatIsNotThere_OrCannotBeUsed()
    {
        Assert.Equal([("no-map", "")], Codes(NodeFindings.Of(new AgentState { Link = LinkState.Connected }, [], null, Now, Uptime)));
        var state = State(TestMesh.Full(1) with { SettingsProblem = "0 is no port" }) with
        {
            IsMapTooOld = true,
            PlanProblem = "no plan",
            OwnNotices = ["damaged"],
            StateFault = new Finding(FindingKinds.DiskFull, "", "full"),
            SettingsProblem = "10.0.0.0/8x is no prefix.",
        };
        state = state with { Notices = state.Notices.Add("CopiedState", "two").Add("NotGranted", "said already").Add("Newer", "what?") };
        Assert.Equal(
            ["copied-state", "controller-notice", "disk-full", "map-too-old", "plan-failed", "map-file-damaged", "map-partly-unusable", "settings-refused"], Find(state).Select(finding => finding.Code));
    }

    private static (string Code, string Subject)[] Find(AgentState state, params uint[] unanswered) => Codes(NodeFindings.Of(
        state, LinkView.Of(state, peer => unanswered.Contains(peer.Value) ? Unanswered : null, Now, Uptime), ownKey: null, Now, Uptime));

    private static List<LinkView> Links(AgentState state) => LinkView.Of(state, _ => null, Now, Uptime);

    private static (string Code, string Subject)[] Held(AgentState state) => Codes(HeldFindings.With(NodeFindings.Of(state, Links(state), ownKey: null, Now, Uptime), state));

    private static (string Code, string Subject)[] Codes(IEnumerable<Finding> findings) => [.. findings.Select(finding => finding.Key)];

    /// <param name="nodes">All well but for the named ones.</param>
    /// <param name="wrong">Their silence, -1 for never, and BGP's state.</param>
    private static AgentState State(int nodes, params (uint Node, long HeardMs, string Bgp)[] wrong) => State(
        TestMesh.Full(nodes), [.. Enumerable.Range(2, nodes - 1).Select(node => wrong.Any(one => one.Node == node) ? wrong.Single(one => one.Node == node) : ((uint)node, 100, "Established"))]);

    private static AgentState State(MeshMap map, params (uint Node, long HeardMs, string Bgp)[] links) => new AgentState
    {
        Link = LinkState.Connected,
        Plan = NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth()),
        Dataplane = new DataplaneStatus { Version = "test", Peers = [.. links.Select(link => Peer(link.Node, link.HeardMs))] },
        DataplaneSeenAt = Now,
        DataplaneKnownSince = TimeSpan.Zero,
        Routing = new RoutingStatus { State = RoutingState.Running, Neighbors = [.. links.Select(link => Session(link.Node, link.Bgp))] },
    }.WithMap(map, retained: null);

    private static PeerStatus Peer(uint node, long heardMs) => new()
    {
        PublicKey = new WireGuardKey(TestMesh.Node(node).WireGuardKeys[0].Bytes),
        Endpoint = TestMesh.Node(node).Endpoints[0].EndPoint,
        LastHandshakeAgeMs = heardMs,
        LastReceiveAgeMs = heardMs,
        RxBytes = 1,
        TxBytes = 1,
    };

    private static NeighborStatus Session(uint node, string bgp) =>
        new() { Interface = new NodeId(node).LinkName, BgpState = bgp, PrefixesReceived = 0, UptimeMs = 1, BfdUp = bgp == "Established" };
}
