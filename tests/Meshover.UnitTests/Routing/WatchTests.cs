using System.Text.Json;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Routing;

/// <summary>What looks after FRR and its neighbours beside the supervisor.</summary>
public sealed class WatchTests
{
    private const string A = "mo-00000002";
    private const string B = "mo-00000003";

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Lost_NeighbourThatNeverAnswers_IsGivenUpAfterFiveQuestionsAndOnce()
    {
        var lost = new LostNeighbors();
        for (var i = 0; i < LostNeighbors.MostUnanswered; i++) Assert.Equal($"ask {A} give up ", Step(lost, A));
        Assert.Equal($"ask  give up {A}", Step(lost, A));
        lost.GaveUp([A]);
        Assert.Equal("ask  give up ", Step(lost, A));
    }

    [Fact]
    public void Lost_GivingUpFailed_IsTriedAgain()
    {
        var lost = new LostNeighbors();
        for (var i = 0; i < LostNeighbors.MostUnanswered; i++) Step(lost, A);
        Assert.Equal($"ask  give up {A}", Step(lost, A));
        Assert.Equal($"ask  give up {A}", Step(lost, A));
    }

    [Fact]
    public void Lost_NeighbourWhoseKernelAnswers_KeepsItsRoutes()
    {
        var lost = new LostNeighbors();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"ask {A} {B} give up ", Step(lost, A, B));
            lost.Answered(A);
            if (i % 3 == 0) lost.Answered(B);
        }
    }

    [Fact]
    public void Lost_BackAndLostAnotherTime_IsAskedFromTheStart()
    {
        var lost = new LostNeighbors();
        for (var i = 0; i <= LostNeighbors.MostUnanswered; i++) Step(lost, A);
        lost.GaveUp([A]);
        Assert.Equal("ask  give up ", Step(lost));
        for (var i = 0; i < LostNeighbors.MostUnanswered; i++) Assert.Equal($"ask {A} give up ", Step(lost, A));
        Assert.Equal($"ask  give up {A}", Step(lost, A));
    }

    [Fact]
    public void LostPeers_OfFrrsSummary_AreLinksThatWereUpAShortWhileAgo()
    {
        const string said = """
            {"ipv4Unicast":{"as":4200000001,"ribCount":3,"peers":{
              "mo-00000002":{"connectionsEstablished":1,"peerUptimeMsec":2000},
              "mo-00000003":{"connectionsEstablished":4,"peerUptimeMsec":41000},
              "mo-00000004":{"connectionsEstablished":0,"peerUptimeMsec":0},
              "192.0.2.1":{"connectionsEstablished":1,"peerUptimeMsec":2000}}},
             "ipv6Unicast":{"as":4200000001,"peers":{"mo-00000002":{"connectionsEstablished":1,"peerUptimeMsec":2000}}}}
            """;
        var summary = JsonSerializer.Deserialize(said, FrrJson.Default.BgpSummary)!;
        Assert.Equal([A], LostPeers.In(summary));
        Assert.Equal(4_200_000_001, LostPeers.Router(summary));
        Assert.Empty(LostPeers.In(new BgpSummary()));
    }

    [Fact]
    public void Flood_TableBeyondReason_IsFoundWithTheBoundOfItsFamily()
    {
        var bgpd = FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Embedded).Bgpd;
        Assert.Empty(FloodGuard.Flooded("ipv6", Table(2048), bgpd));
        Assert.Equal(new FloodedTable("ipv6", 4_200_000_001, 1024), Assert.Single(FloodGuard.Flooded("ipv6", Table(2049), bgpd)));
        Assert.Empty(FloodGuard.Flooded("ipv6", family: null, bgpd));
        Assert.Empty(FloodGuard.Flooded("ipv6", Table(99999), "router bgp 1\n address-family ipv6 unicast\n")); // the operator's template has no bound
    }

    [Fact]
    public void PrefixCounts_OfFrr_AreWhatTheNeighbourSent()
    {
        const string said = """{"prefixCountsFor":"mo-00000002","pfxCounter":0,"ribTableWalkCounters":{"Adj-in":42,"All RIB":0}}""";
        Assert.Equal(42, JsonSerializer.Deserialize(said, FrrJson.Default.BgpPrefixCounts)!.Table.Received);
    }

    [Fact]
    public async Task Hang_DaemonSilentThreeTimes_IsKilledAndAnotherIsNot()
    {
        var (silent, killed) = (new HashSet<string> { "bgpd" }, new List<int>());
        var watch = Watch(silent, killed);
        for (var i = 1; i < HangWatch.MostMisses; i++) await MissAsync();
        Assert.Empty(killed);
        await MissAsync();
        Assert.Equal([3], killed);

        async Task MissAsync()
        {
            await watch.LookAsync(CancellationToken.None);
            _time.Advance(HangWatch.MissesApart);
        }
    }

    [Fact]
    public async Task Hang_DaemonThatOwesAnAnswer_IsNamedLongBeforeItIsKilled_AndNoMoreWhenItAnswers()
    {
        var (silent, killed) = (new HashSet<string> { "bgpd" }, new List<int>());
        var watch = Watch(silent, killed);
        await watch.LookAsync(CancellationToken.None);
        Assert.Empty(watch.Silent);
        _time.Advance(HangWatch.Noticed);
        Assert.Equal(["bgpd"], watch.Silent);
        Assert.Empty(killed);
        silent.Clear();
        await watch.LookAsync(CancellationToken.None);
        Assert.Empty(watch.Silent);
    }

    [Fact]
    public async Task Hang_DaemonThatRefusesOnceAndAnswersThen_IsNeverNamed_AndOneThatRefusesForSomeSecondsIsNotKilled()
    {
        var (silent, killed) = (new HashSet<string> { "bgpd" }, new List<int>());
        var watch = Watch(silent, killed);
        await watch.LookAsync(CancellationToken.None);
        _time.Advance(HangWatch.Interval);
        silent.Clear();
        await watch.LookAsync(CancellationToken.None);
        _time.Advance(HangWatch.Noticed);
        Assert.Empty(watch.Silent);

        silent.Add("bgpd");
        for (var seconds = 0; seconds < 18; seconds += 2)
        {
            await watch.LookAsync(CancellationToken.None);
            _time.Advance(HangWatch.Interval);
        }
        Assert.Empty(killed);
    }

    /// <summary>Its successor owes nothing, and nobody waits for what is not there.</summary>
    [Fact]
    public async Task Hang_DaemonThatWasReplaced_LeavesNoDebtBehind()
    {
        var state = new SupervisorState(RoutingState.Running, [], [new("bgpd", 3)], 0);
        var silent = true;
        var watch = new HangWatch((_, _) => silent ? throw new RoutingException("busy") : Task.CompletedTask, _ => { }, () => state, _time, NullLogger.Instance);
        await watch.LookAsync(CancellationToken.None);
        _time.Advance(HangWatch.Noticed);
        Assert.Equal(["bgpd"], watch.Silent);
        state = state with { Daemons = [new("bgpd", 4)] };
        Assert.Empty(watch.Silent);
        silent = false;
        await watch.LookAsync(CancellationToken.None);
        state = state with { Daemons = [new("bgpd", 3)] };
        Assert.Empty(watch.Silent);
    }

    [Fact]
    public async Task Hang_DaemonThatAnswersInBetween_IsLeftAlone()
    {
        var (silent, killed) = (new HashSet<string>(), new List<int>());
        var watch = Watch(silent, killed);
        for (var i = 0; i < 12; i++)
        {
            if (i % HangWatch.MostMisses == 0) silent.Clear();
            else silent.Add("zebra");
            await watch.LookAsync(CancellationToken.None);
        }
        Assert.Empty(killed);
    }

    [Fact]
    public async Task Hang_FrrThatStarts_IsNotAsked()
    {
        var (silent, killed) = (new HashSet<string> { "bgpd", "zebra" }, new List<int>());
        var watch = Watch(silent, killed, RoutingState.Starting);
        for (var i = 0; i < 5; i++) await watch.LookAsync(CancellationToken.None);
        Assert.Empty(killed);
    }

    [Fact]
    public void Retries_PausesDoubleUpToTheLongestAndEndWithTheNeed()
    {
        var retries = new Retries<string>(TimeSpan.FromSeconds(8), _time);
        Assert.Equal([1, 2, 4, 8, 8], Enumerable.Range(0, 5).Select(_ => SecondsUntilDue(retries)));
        retries.Keep(new HashSet<string> { "b" });
        Assert.True(retries.IsDue("a"));
        Assert.False(retries.AnyDue);
        Assert.Equal(1, SecondsUntilDue(retries));
    }

    private int SecondsUntilDue(Retries<string> retries)
    {
        retries.Tried("a");
        var seconds = 0;
        for (; !retries.IsDue("a"); seconds++) _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(retries.AnyDue);
        return seconds;
    }

    private HangWatch Watch(HashSet<string> silent, List<int> killed, RoutingState state = RoutingState.Running) => new(
        (daemon, _) => silent.Contains(daemon.Name) ? throw new RoutingException("it has not answered for 10 s") : Task.CompletedTask,
        daemon => killed.Add(daemon.Pid),
        () => new SupervisorState(state, [], [new("zebra", 1), new("bfdd", 2), new("bgpd", 3)], 0), _time, NullLogger.Instance);

    private static BgpFamily Table(long nodes) => new() { As = 4_200_000_001, RibCount = nodes };

    private static string Step(LostNeighbors lost, params string[] links)
    {
        var step = lost.Look(links);
        return $"ask {string.Join(' ', step.Ask)} give up {string.Join(' ', step.GiveUp)}";
    }
}
