using System.Collections.Immutable;
using System.Net;
using Meshover.Agent;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class SummariserTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Summariser _summariser;

    public SummariserTests() => _summariser = new Summariser(_time, _ => 1.25);

    [Fact]
    public void Summary_IsRenewedAfterHalfAMinute_AndNotAtTheSameMomentByEverybody()
    {
        var waits = Enumerable.Range(0, 20).Select(_ => UntilRenewed(new Summariser(_time, _ => null))).ToList();
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(27), TimeSpan.FromSeconds(34)));
        Assert.True(waits.Distinct().Count() > 2);
    }

    [Fact]
    public void LinkThatGoes_InASmallMesh_IsToldAtOnce_WithItsReason()
    {
        var first = Next(Mesh(4))!;
        Assert.Empty(first.Exceptions);
        _time.Advance(TimeSpan.FromSeconds(3));

        var silent = Next(Mesh(4, silent: [2], withoutSession: [3]))!;

        Assert.Equal([new LinkException(new NodeId(2), LinkReason.NoAnswer), new LinkException(new NodeId(3), LinkReason.NoSession)], silent.Exceptions);
        Assert.Equal((new LinkTally(1, 1, 0), 2), (silent.NotUp!.Value, silent.PeersUp));
        Assert.Equal(TimeSpan.FromMilliseconds(1.25), silent.Figures.Single(figure => figure.Peer == new NodeId(3)).Rtt);
        Assert.Null(silent.Figures.Single(figure => figure.Peer == new NodeId(2)).Rtt);
        Assert.Equal((1380, 4), (silent.Figures.Single(figure => figure.Peer == new NodeId(3)).Mtu, silent.Figures.Single(figure => figure.Peer == new NodeId(3)).Family));
        // How a peer was called that is not heard says nothing of the way.
        Assert.Equal((0, 0), (silent.Figures.Single(figure => figure.Peer == new NodeId(2)).Mtu, silent.Figures.Single(figure => figure.Peer == new NodeId(2)).Family));
    }

    [Fact]
    public void LinksThatComeAndGo_AreToldAtMostEachTwoSeconds()
    {
        var last = Next(Mesh(4));
        var told = 0;
        for (var step = 0; step < 100; step++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            var next = Next(Mesh(4, silent: step % 2 == 0 ? [2] : []));
            told += ReferenceEquals(last, next) ? 0 : 1;
            last = next;
        }
        Assert.InRange(told, 1, 11);
    }

    [Fact]
    public void LinkThatGoes_InALargeMesh_WaitsForTheNextSummary_WhichListsSixtyFour()
    {
        var first = Next(Mesh(200));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Same(first, Next(Mesh(200, silent: [2])));
        _time.Advance(TimeSpan.FromSeconds(30));

        var next = Next(Mesh(200, silent: [.. Enumerable.Range(50, 100).Select(id => (uint)id)]))!;

        Assert.Equal((64, 100, 0), (next.Exceptions.Length, next.NotUp!.Value.Total, next.Figures.Length));
        Assert.Equal(36u, NodeReportDiff.Between(null, Report(next))!.Summary.Exceptions.Unlisted);
    }

    [Fact]
    public void Exceptions_ThatAreTheSame_AreNotSentAgain_AndAllAfterAReconnect()
    {
        var before = Report(Next(Mesh(4, silent: [2])));
        _time.Advance(TimeSpan.FromSeconds(40));
        var after = Report(Next(Mesh(4, silent: [2])));
        Assert.Null(NodeReportDiff.Between(before, after)!.Summary.Exceptions);
        Assert.Single(NodeReportDiff.Between(null, after)!.Summary.Exceptions.Links);
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Empty(NodeReportDiff.Between(after, Report(Next(Mesh(4))))!.Summary.Exceptions.Links);
    }

    [Fact]
    public void Start_SaysNothingBeforeDataPlaneAndFrrAreHeard_AndThenWhatIsNotKnownIsNotZero()
    {
        var blind = Mesh(4) with { Dataplane = null, Routing = null, Applied = new Applied() };
        Assert.Null(Next(blind));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(Next(blind));
        _time.Advance(TimeSpan.FromSeconds(16));

        var unknown = NodeReportDiff.Between(null, Report(Next(blind)))!.Summary;
        Assert.Null(unknown.NotUp);
        Assert.Null(unknown.Exceptions);
        Assert.False(unknown.HasDataplaneAgeMs || unknown.HasRoutingAgeMs);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, Next(Mesh(4))!.PeersUp); // at once
    }

    [Fact]
    public void Start_OfANodeWithoutRouting_DoesNotWaitForIt()
    {
        var state = Mesh(4) with { Routing = null };
        Assert.Null(new Summariser(_time, _ => null).Next(state, LinkStanding.Of(state), Traffic.None));
        state = state with { Applied = state.Applied.With(Wanted.Routing, new ReconcileReport { State = ComponentState.Off }, 1) };
        Assert.NotNull(new Summariser(_time, _ => null).Next(state, LinkStanding.Of(state), Traffic.None));
    }

    [Fact]
    public void ComponentThatFails_IsToldAtOnce()
    {
        Next(Mesh(200));
        _time.Advance(TimeSpan.FromSeconds(3));
        var state = Mesh(200);
        var next = Next(state with { Applied = state.Applied.With(Wanted.Kernel, new ReconcileReport { State = ComponentState.Failed }, 1) })!;
        Assert.Equal(ComponentState.Failed, next.Coarse.Kernel);
    }

    [Fact]
    public void Summary_OfANodeThatNeitherDataPlaneNorFrrTellAnything_IsSentEachTimeItIsDue()
    {
        var blind = Mesh(3) with { Dataplane = null, Routing = null };
        _time.Advance(TimeSpan.FromSeconds(1));
        Next(blind);
        _time.Advance(TimeSpan.FromSeconds(21));
        var report = Report(Next(blind));
        Assert.NotNull(report.Summary);
        var sent = 0;
        for (var second = 0; second < 120; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var next = Report(Next(blind));
            sent += NodeReportDiff.Between(report, next) is null ? 0 : 1;
            report = next;
        }
        Assert.InRange(sent, 3, 5);
    }

    [Fact]
    public void DataPlane_ThatMissesAnAnswer_IsNoNews_AndOneThatStaysSilentIs()
    {
        var first = Next(Mesh(4));
        for (var second = 0; second < 8; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Same(first, Next(Mesh(4) with { Dataplane = null }));
        }
        _time.Advance(TimeSpan.FromSeconds(3));
        var silent = Next(Mesh(4) with { Dataplane = null })!;
        Assert.Equal((null, null, 3), (silent.NotUp, silent.DataplaneAge, silent.PeersUp));
    }

    [Fact]
    public void Links_WhereFrrDoesNotRun_HaveNoSession_AndWhereItWasNotReadTheyAreNotKnown()
    {
        var state = Mesh(4, silent: [2]);
        foreach (var stopped in new[] { RoutingState.Waiting, RoutingState.Starting, RoutingState.Failed, RoutingState.Stopped })
            Assert.Equal(new LinkTally(1, 2, 0), First(state with { Routing = new RoutingStatus { State = stopped } }).NotUp);
        Assert.Equal(new LinkTally(1, 2, 0), First(state with { Routing = state.Routing! with { Neighbors = [] } }).NotUp);

        var unread = state with { Routing = new RoutingStatus { State = RoutingState.Running, IsUnread = true, Errors = ["It takes too long."] } };
        foreach (var unknown in new[] { unread, state with { Routing = null } })
        {
            var summary = NodeReportDiff.Between(null, Report(First(unknown)))!.Summary;
            Assert.Equal((false, 2u), (summary.HasRoutingAgeMs, summary.PeersUp));
            Assert.Null(summary.NotUp);
        }
    }

    [Fact]
    public void Links_OfANodeWithoutRouting_AreUpWhereThePeerIsHeard()
    {
        var state = Mesh(4, silent: [2]);
        state = state with { Routing = null, Plan = state.Plan! with { Routing = null }, Applied = state.Applied.With(Wanted.Routing, new ReconcileReport { State = ComponentState.Off }, 1) };
        Assert.Equal(new LinkTally(1, 0, 0), First(state).NotUp);
    }

    [Fact]
    public void Counters_BeginAtZeroWithTheAgent_AndGoOnWhenTheDataPlaneStartsAnew_AndWhenAPeerComesOrLeaves()
    {
        var counters = new TrafficCounters();
        Assert.Null(Look(counters, Mesh(4) with { Dataplane = null, Routing = null }).RxBytes);
        Assert.Null(Look(counters, Mesh(4, bytes: 900) with { Plan = null, Routing = null }).RxBytes); // whose bytes they are is not known yet
        Assert.Null(counters.Now.FrrRestarts);
        Assert.Equal((0ul, 0ul), Bytes(Look(counters, Mesh(4, bytes: 1000))));
        Assert.Equal((300ul, 300ul), Bytes(Look(counters, Mesh(4, bytes: 1100))));
        var restarted = Look(counters, Mesh(4, bytes: 7));
        Assert.Equal((321ul, 107ul), (restarted.RxBytes!.Value, restarted.Peers[new NodeId(2)].Rx));
        var smaller = Look(counters, Mesh(3, bytes: 7));
        Assert.Equal((321ul, 2), (smaller.RxBytes!.Value, smaller.Peers.Count));
        Assert.Equal((328ul, 328ul), Bytes(Look(counters, Mesh(4, bytes: 7))));
    }

    [Fact]
    public void Counters_OfDropsAndRestarts_BeginAtZeroWithTheAgent()
    {
        var counters = new TrafficCounters();
        var first = Look(counters, With(drops: 50, restarts: 5));
        Assert.Equal((0ul, 0ul), (first.Drops["MalformedPacket"], first.FrrRestarts!.Value));
        var next = Look(counters, With(drops: 53, restarts: 6));
        Assert.Equal((3ul, 1ul), (next.Drops["MalformedPacket"], next.FrrRestarts!.Value));

        static AgentState With(long drops, int restarts)
        {
            var state = Mesh(3);
            return state with
            {
                Dataplane = state.Dataplane! with { Drops = ImmutableDictionary<string, long>.Empty.Add("MalformedPacket", drops) },
                Routing = state.Routing! with { Restarts = restarts },
            };
        }
    }

    private static (ulong, ulong) Bytes(Traffic traffic) => (traffic.RxBytes!.Value, traffic.TxBytes!.Value);

    /// <summary>Of an agent that has waited long enough.</summary>
    private ReportSummary First(AgentState state)
    {
        var summariser = new Summariser(_time, _ => null);
        summariser.Next(state, LinkStanding.Of(state), Traffic.None);
        _time.Advance(TimeSpan.FromSeconds(21));
        return summariser.Next(state, LinkStanding.Of(state), Traffic.None)!;
    }

    private static Traffic Look(TrafficCounters counters, AgentState state) => counters.Look(state, LinkStanding.Of(state));

    private TimeSpan UntilRenewed(Summariser summariser)
    {
        var state = Mesh(3);
        var (start, first) = (_time.GetUtcNow(), summariser.Next(state, LinkStanding.Of(state), Traffic.None));
        while (ReferenceEquals(first, summariser.Next(state, LinkStanding.Of(state), Traffic.None)))
            _time.Advance(TimeSpan.FromMilliseconds(500));
        return _time.GetUtcNow() - start;
    }

    private ReportSummary? Next(AgentState state) => _summariser.Next(state, LinkStanding.Of(state), Traffic.None);

    private static NodeReport Report(ReportSummary? summary) => new()
    {
        HostName = "n1",
        ListenPort = 12912,
        PublicKeys = [TestMesh.Node(1).WireGuardKeys[0]],
        Site = "",
        Transit = Meshover.Mesh.Map.TransitRole.Auto,
        Summary = summary,
    };

    /// <summary>The state of node 1 in a mesh of so many, where all is well but what is named.</summary>
    internal static AgentState Mesh(int nodes, uint[]? silent = null, uint[]? withoutSession = null, long bytes = 10)
    {
        var map = TestMesh.Full(nodes);
        var plan = NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());
        var ok = new ReconcileReport { State = ComponentState.Ok };
        return new AgentState
        {
            Told = map,
            Map = map,
            Plan = plan,
            Applied = new Applied().With(Wanted.Dataplane, ok, 1).With(Wanted.Kernel, ok, 1).With(Wanted.Routing, ok, 1),
            Dataplane = new DataplaneStatus
            {
                Version = "0.1.0",
                Peers = [.. plan.WireGuard.Peers.Select(peer => new Meshover.WireGuard.Control.PeerStatus
                {
                    PublicKey = new WireGuardKey(map.Nodes[peer.Node].WireGuardKeys[0].Bytes),
                    Endpoint = IPEndPoint.Parse("192.0.2.1:12912"),
                    LastHandshakeAgeMs = 1000,
                    LastReceiveAgeMs = silent?.Contains(peer.Node.Value) == true ? 90_000 : 100,
                    RxBytes = bytes,
                    TxBytes = bytes,
                    LinkMtu = 1380,
                })],
                Drops = ImmutableDictionary<string, long>.Empty.Add("MalformedPacket", 2),
            },
            Routing = new RoutingStatus
            {
                State = RoutingState.Running,
                FrrVersion = "8.4.4",
                Neighbors = [.. plan.WireGuard.Peers.Select(peer => new NeighborStatus
                {
                    Interface = peer.Node.LinkName,
                    BgpState = withoutSession?.Contains(peer.Node.Value) == true ? "Active" : "Established",
                    PrefixesReceived = 2,
                    UptimeMs = 5000,
                    BfdUp = true,
                })],
            },
        };
    }
}
