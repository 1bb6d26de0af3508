using System.Collections.Immutable;
using System.Net;
using CsCheck;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class LiveNodesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LiveNodes _live;

    public LiveNodesTests() => _live = new LiveNodes(_time);

    [Fact]
    public void Open_SecondStreamAfterARestart_TakesTheFirstOnesPlace()
    {
        var first = Open("A");
        var second = Open("B");
        Assert.True(first.Superseded.IsCompleted);
        Assert.False(second.Superseded.IsCompleted);
        Assert.Null(Copied());
    }

    [Fact]
    public void Open_CopiedState_IsToldToBoth_WhoBothStay()
    {
        Open("A");
        var copy = Open("B");
        var original = Open("A");

        Assert.All(new[] { copy, original }, session =>
        {
            Assert.False(session.Superseded.IsCompleted);
            Assert.True(session.Outbox.TryRead(out var message) && message.Notice.Kind == Notice.Types.Kind.CopiedState);
        });
        Assert.NotNull(Copied());
    }

    [Fact]
    public void Stirred_OnlyWhileSomethingIsToBePlanned_IsOver()
    {
        Assert.False(_live.Stirred.IsCompleted);
        var waiting = _live.Stirred;
        _live.MarkDirty(1);
        Assert.True(waiting.IsCompleted);
        Assert.Equal([1u], _live.TakeDirty());
        Assert.False(_live.Stirred.IsCompleted);
    }

    [Fact]
    public void Report_ThatChangesNothing_LeavesNothingToPlan()
    {
        var session = Open("A");
        _live.Report(session, report => StatusMapping.Merge(report, new NodeStatus { Site = "here", Announced = new PrefixList { Prefixes = { "10.64.0.0/24" } } }, (_, _) => true));
        Assert.Equal([1u], _live.TakeDirty());
        _time.Advance(TimeSpan.FromSeconds(30));

        _live.Report(session, report => StatusMapping.Merge(report, new NodeStatus { Site = "here", Summary = new NodeSummary { Peers = 3, RxBytes = 7 } }, (_, _) => true));

        Assert.Empty(_live.TakeDirty());
        Assert.Equal(_time.GetUtcNow(), _live.State.Node(1)!.LastSeen);
    }

    [Fact]
    public void Report_OfAStreamWhosePlaceAnotherHasTaken_ComesTooLate()
    {
        var former = new NodeSession(1, "A", "0.1.0", IPAddress.Parse("192.0.2.1"));
        _live.Open(former, ReportedState.Nothing);
        _live.Open(new NodeSession(1, "A", "0.1.0", IPAddress.Parse("198.51.100.1")), ReportedState.Nothing with { ListenPort = 2 });

        _live.Report(former, report => report with { ListenPort = 1 });

        Assert.Equal((2, IPAddress.Parse("198.51.100.1")), (_live.State.Node(1)!.Report.ListenPort, _live.State.Node(1)!.Source));
    }

    [Fact]
    public void CopiedState_IsForgottenTenMinutesAfterTheCopyIsGone_NotWhileItStays()
    {
        Open("A");
        var copy = Open("B");
        Open("A");
        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.NotNull(Copied());

        _live.Close(copy);
        Assert.Null(Copied());
    }

    [Fact]
    public void Report_OfAPeersEndpoint_MarksThePeer_AndCountsOnlyWhileItsStreamIsOpen()
    {
        var session = Open("A");
        _live.TakeDirty();
        var seen = new IPEndPoint(IPAddress.Parse("203.0.113.1"), 4000);

        _live.Report(session, report => report with { Observed = ImmutableDictionary<uint, IPEndPoint>.Empty.Add(2, seen) });

        Assert.Equal([1u, 2u], _live.TakeDirty().Order());
        Assert.Equal([new SeenPlace(seen, 1)], _live.State.SeenByPeers(2));
        _live.Close(session);
        Assert.Empty(_live.State.SeenByPeers(2));
        Assert.False(_live.State.Node(1)!.IsOnline);
    }

    [Fact]
    public void SeenByPeers_AfterAnyReportsOpeningsAndClosings_IsWhatALookThroughAllReportsWouldFind() =>
        Gen.Select(Gen.UInt[1, 4], Gen.Int[0, 3], Gen.UInt[5, 7], Gen.Int[1, 2]).Array[0, 60].Sample(steps =>
        {
            var live = new LiveNodes(_time);
            var sessions = new Dictionary<uint, NodeSession>();
            foreach (var (node, action, observed, port) in steps)
            {
                if (action == 0 && sessions.Remove(node, out var open))
                    live.Close(open);
                else if (action == 1)
                    live.Open(sessions[node] = Session(node), Seeing(observed, port));
                else if (sessions.TryGetValue(node, out var session))
                    live.Report(session, report => action == 2 ? report with { Observed = report.Observed.SetItem(observed, At(port)) } : Seeing(observed, port));
                foreach (var target in (uint[])[5, 6, 7])
                    Assert.Equal(LookThrough(live.State, [1, 2, 3, 4], target), live.State.SeenByPeers(target).OrderBy(place => place.EndPoint.Port));
            }
        });

    private static IEnumerable<SeenPlace> LookThrough(LiveState live, uint[] nodes, uint target) => nodes
        .Select(live.Node).Where(node => node is { IsOnline: true }).Select(node => node!.Report.Observed.GetValueOrDefault(target))
        .OfType<IPEndPoint>().CountBy(place => place).Select(place => new SeenPlace(place.Key, place.Value)).OrderBy(place => place.EndPoint.Port);

    private static ReportedState Seeing(uint node, int port) =>
        ReportedState.Nothing with { Observed = ImmutableDictionary<uint, IPEndPoint>.Empty.Add(node, At(port)) };

    private static IPEndPoint At(int port) => new(IPAddress.Parse("203.0.113.1"), port);

    private static NodeSession Session(uint node) => new(node, "A", "0.1.0", IPAddress.Parse("192.0.2.1"));

    [Fact]
    public async Task Report_ThatTakesLongToRead_KeepsNobodyWaiting()
    {
        var session = Open("A");
        var asked = Task.FromResult<LiveNode?>(null);

        _live.Report(session, report =>
        {
            asked = Task.Run(() => _live.State.Node(1));
            Assert.True(asked.Wait(TimeSpan.FromSeconds(20)), "It waits for the report.");
            return report with { ListenPort = 7 };
        });

        Assert.Equal(0, (await asked)!.Report.ListenPort);
        Assert.Equal(7, _live.State.Node(1)!.Report.ListenPort);
    }

    [Fact]
    public void Report_WhileACopyOfTheNodeReports_LosesNeither()
    {
        Open("A");
        var copy = Open("B");
        var original = Open("A");
        var tries = 0;

        _live.Report(original, report =>
        {
            if (tries++ == 0)
                _live.Report(copy, other => other with { Site = "copy" });
            return report with { ListenPort = 7 };
        });

        Assert.Equal((2, 7, "copy"), (tries, _live.State.Node(1)!.Report.ListenPort, _live.State.Node(1)!.Report.Site));
    }

    [Fact]
    public void CountOnline_IsNodes_NotStreams()
    {
        var first = Open("A");
        Open("B");
        _live.Open(Session(2), ReportedState.Nothing);
        Assert.Equal(2, _live.State.Online);
        _live.Close(first);
        _live.Close(first);
        Assert.Equal(2, _live.State.Online);
    }

    [Fact]
    public void Session_ThatTakesNoMessages_KeepsTheNewestSixteen()
    {
        var session = Open("A");
        for (var i = 0; i < 100; i++)
            session.Notify(Notice.Types.Kind.NotGranted, $"{i}");
        var kept = new List<string>();
        while (session.Outbox.TryRead(out var message))
            kept.Add(message.Notice.Text);
        Assert.Equal(Enumerable.Range(84, 16).Select(i => $"{i}"), kept);
    }

    [Fact]
    public void State_ThatSomebodyHolds_StaysAsItWas()
    {
        var session = Open("A");
        var held = _live.State;

        _live.Report(session, _ => Seeing(2, 1));
        _live.Open(Session(2), ReportedState.Nothing);
        _live.Close(session);

        Assert.Equal((1, ReportedState.Nothing, true), (held.Online, held.Node(1)!.Report, held.Node(1)!.IsOnline));
        Assert.Null(held.Node(2));
        Assert.Empty(held.SeenByPeers(2));
    }

    // What the tree of all nodes costs more than a table would must stay small: ten thousand nodes say each 30 s that they are there.
    [Fact]
    public void Report_OfOneOfTenThousand_MakesLittle()
    {
        for (uint node = 2; node <= 10_000; node++)
            _live.Open(Session(node), ReportedState.Nothing);
        var session = Open("A");
        _live.Report(session, report => report);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
            _live.Report(session, report => report);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 1, 4_096);
    }

    private DateTimeOffset? Copied() => _live.State.Node(1)!.Copied(_time.GetUtcNow());

    private NodeSession Open(string instance)
    {
        var session = new NodeSession(1, instance, "0.1.0", IPAddress.Parse("192.0.2.1"));
        _live.Open(session, ReportedState.Nothing);
        return session;
    }
}
