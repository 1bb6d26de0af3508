using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using LinkReason = Meshover.Controller.Live.LinkReason;

namespace Meshover.UnitTests.Controller;

/// <summary>How a node stands, as the controller has it: nobody is lost by mistake, and nobody is ever down.</summary>
public sealed class HealthTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LiveNodes _live;

    public HealthTests() => _live = new LiveNodes(_time);

    [Fact]
    public void Node_ThatWasNotHeardSinceTheStart_IsUnknown_HoweverLong()
    {
        Pass(TimeSpan.FromHours(1));
        Assert.Equal(NodeState.Unknown, State());
    }

    [Fact]
    public void Node_IsLostAfterThreeSummaries_AndBackWithTheFirstWord()
    {
        var session = Open();
        Say(session, Summary());
        Assert.Equal(NodeState.Ok, State());
        Pass(TimeSpan.FromSeconds(99));
        Assert.Equal(NodeState.Ok, State());
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(NodeState.Lost, State());
        _live.Report(session, report => report);
        Assert.Equal(NodeState.Ok, State());
    }

    [Fact]
    public void Node_WhoseStreamEnds_KeepsItsStateUntilThreeSummariesAreMissed()
    {
        var session = Open();
        Say(session, Summary());
        _live.Close(session);
        Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(NodeState.Ok, State());
        Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(NodeState.Lost, State());
    }

    [Fact]
    public void Controller_ThatWasAwayForAnHour_FlipsNobody()
    {
        var session = Open();
        Say(session, Summary());
        Pass(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromHours(1)); // nobody looked at the clock meanwhile
        Assert.Equal(NodeState.Ok, State());
        Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(NodeState.Ok, State());
        Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(NodeState.Lost, State());
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(NodeState.Lost, State()); // nor is anybody found again by that
    }

    [Fact]
    public void Node_OfAnAgentOfTheFormerRelease_IsUnknown_AndItsFiguresAreKept()
    {
        Say(Open(), new NodeSummary { Peers = 3, PeersUp = 2, BgpEstablished = 2, Prefixes = 9, RxBytes = 5 });
        Assert.Equal(NodeState.Unknown, State());
        var health = _live.State.Node(1)!.Health!;
        Assert.Equal((3, 2, 2, 9, 5ul), (health.Peers, health.PeersHeard, health.BgpEstablished, health.Accepted, health.RxBytes!.Value));
        Assert.Equal((null, null, null, null, null), (health.Announced, health.Refused, health.LinksUp, health.NotUp, health.LinkWith(2)));
    }

    [Theory]
    [InlineData(false)] // it has no plan yet
    [InlineData(true)] // it is of the former release, and quiet
    public void Node_ThatIsConnectedAndNeverSaidHowItsComponentsAre_IsUnknownAndNotLost_UntilItsStreamEnds(bool speaks)
    {
        var session = Open();
        if (speaks)
            Say(session, new NodeSummary { Peers = 3, PeersUp = 3 });
        Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(NodeState.Unknown, State());
        _live.Close(session);
        Assert.Equal(NodeState.Lost, State());
    }

    [Fact]
    public void Bytes_OfANodeThatHasNotSeenItsDataPlane_AreNotZero()
    {
        var session = Open();
        var blind = Summary();
        blind.ClearDataplaneAgeMs();
        Say(session, blind);
        Assert.Equal((null, null), (_live.State.Node(1)!.Health!.RxBytes, _live.State.Node(1)!.Health!.TxBytes));
        Say(session, Summary());
        Assert.Equal((0ul, 0ul), (_live.State.Node(1)!.Health!.RxBytes!.Value, _live.State.Node(1)!.Health!.TxBytes!.Value));
        blind.RxBytes = 7;
        Say(session, blind);
        Assert.Equal((7ul, 0ul), (_live.State.Node(1)!.Health!.RxBytes!.Value, _live.State.Node(1)!.Health!.TxBytes!.Value));
    }

    [Theory]
    [InlineData(ComponentHealth.Ok, 3u, nameof(NodeState.Ok))]
    [InlineData(ComponentHealth.Off, 3u, nameof(NodeState.Ok))]
    [InlineData(ComponentHealth.Ok, 0u, nameof(NodeState.Degraded))]
    [InlineData(ComponentHealth.Starting, 3u, nameof(NodeState.Starting))]
    [InlineData(ComponentHealth.Degraded, 3u, nameof(NodeState.Degraded))]
    [InlineData(ComponentHealth.Failed, 3u, nameof(NodeState.Degraded))]
    [InlineData((ComponentHealth)99, 3u, nameof(NodeState.Starting))]
    public void State_FollowsTheComponents_AndWhetherAnyPeerIsHeard(ComponentHealth routing, uint heard, string expected)
    {
        var summary = Summary();
        (summary.Components.Routing, summary.PeersUp) = (routing, heard);
        Say(Open(), summary);
        Assert.Equal(expected, State().ToString());
    }

    [Fact]
    public void Summary_OfANodeWhoseDataPlaneAndFrrSayNothing_HasNoFiguresOfThem()
    {
        var session = Open();
        Say(session, Summary());
        var blind = Summary(exceptions: false);
        (blind.NotUp, blind.PeersUp, blind.BgpEstablished) = (null, 0, 0);
        blind.ClearDataplaneAgeMs();
        blind.ClearRoutingAgeMs();
        Say(session, blind);
        var health = _live.State.Node(1)!.Health!;
        Assert.Equal((null, null, null, null, null), (health.LinksUp, health.NotUp, health.LinkWith(2), health.BgpEstablished, health.Accepted));
        Assert.Equal(NodeState.Ok, State()); // what its components say, and nothing of what is not known
    }

    [Fact]
    public void Exceptions_HoldUntilOthersAreSaid_AndReasonsOfANewerAgentMeanNotUp()
    {
        var session = Open();
        var first = Summary();
        first.Exceptions = new LinkExceptions { Links = { new LinkExceptions.Types.Link { NodeId = 2, Reason = Meshover.Contract.V1.LinkReason.NoSession }, new LinkExceptions.Types.Link { NodeId = 3, Reason = (Meshover.Contract.V1.LinkReason)77 } } };
        Say(session, first);
        Say(session, Summary(exceptions: false));
        var health = _live.State.Node(1)!.Health!;
        Assert.Equal((LinkReason.NoSession, LinkReason.Other, LinkReason.None), (health.LinkWith(2), health.LinkWith(3), health.LinkWith(4)));
        Say(session, Summary());
        Assert.Equal(LinkReason.None, _live.State.Node(1)!.Health!.LinkWith(2));
        var cut = Summary();
        cut.Exceptions.Unlisted = 5;
        Say(session, cut);
        Assert.Null(_live.State.Node(1)!.Health!.LinkWith(4));
    }

    [Fact]
    public void Tell_OfAStreamWhosePlaceAnotherHasTaken_ComesTooLate()
    {
        var former = Open();
        var present = Open("B");
        Say(present, Summary());
        Say(former, new NodeSummary { Peers = 77 });
        Assert.Equal(3, _live.State.Node(1)!.Health!.Peers);
    }

    [Fact]
    public void Tell_LeavesNothingToPlan()
    {
        var session = Open();
        _live.TakeDirty();
        Say(session, Summary());
        Assert.Empty(_live.TakeDirty());
    }

    internal static NodeSummary Summary(bool exceptions = true) => new()
    {
        Peers = 3,
        PeersUp = 3,
        BgpEstablished = 3,
        Components = new ComponentHealths { Dataplane = ComponentHealth.Ok, Routing = ComponentHealth.Ok, Kernel = ComponentHealth.Ok },
        NotUp = new LinkCounts(),
        DataplaneAgeMs = 900,
        RoutingAgeMs = 9000,
        Exceptions = exceptions ? new LinkExceptions() : null,
    };

    private NodeState State() => NodeStates.Of(_live.State.Node(1), _live.Clock.Now);

    private void Say(NodeSession session, NodeSummary summary) => _live.Tell(session, health => HealthMapping.Merge(health, summary, _time.GetUtcNow()));

    private NodeSession Open(string instance = "A")
    {
        var session = new NodeSession(1, instance, "0.1.0", IPAddress.Parse("192.0.2.1"));
        _live.Open(session, Meshover.Controller.Live.ReportedState.Nothing);
        return session;
    }

    // As Attention does.
    private void Pass(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += AttentiveClock.Beat)
        {
            _time.Advance(AttentiveClock.Beat);
            _ = _live.Clock.Now;
        }
    }
}
