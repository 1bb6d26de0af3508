using System.Net;
using Meshover.Mesh.Endpoints;

namespace Meshover.UnitTests.Mesh;

public sealed class EndpointChooserTests
{
    private static readonly TimeSpan Start = TimeSpan.FromDays(1);
    private static readonly IPEndPoint V6 = IPEndPoint.Parse("[2001:db8::2]:12912");
    private static readonly IPEndPoint OtherV6 = IPEndPoint.Parse("[2001:db8:1::2]:12912");
    private static readonly IPEndPoint V4 = IPEndPoint.Parse("192.0.2.2:12912");
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Choose_NewPeer_FirstOfThePairCallsItsBestAtOnce() =>
        Assert.Equal(V6, First().Choose(new PeerContact(null, null), [V6, V4], Start));

    [Fact]
    public void Choose_NewPeerThatTheEngineHasJustCalled_IsCalledThereOnceMoreBeforeAnyOther()
    {
        var chooser = First();
        Assert.Equal(V6, chooser.Choose(new PeerContact(V6, null), [V6, V4], Start));
        Assert.Null(chooser.Choose(new PeerContact(V6, null), [V6, V4], Start + (5 * Second))); // WireGuard calls once more by itself
        Assert.Equal(V4, chooser.Choose(new PeerContact(V6, null), [V6, V4], Start + (6 * Second)));
    }

    [Fact]
    public void Choose_NewPeer_SecondOfThePairWaitsToBeCalled()
    {
        var chooser = new EndpointChooser(isInitiator: false, TimeSpan.Zero, Start);
        Assert.Null(chooser.Choose(new PeerContact(null, null), [V6, V4], Start));
        Assert.Equal(V6, chooser.Choose(new PeerContact(null, null), [V6, V4], Start + EndpointChooser.SecondWaits));
    }

    [Fact]
    public void Choose_NoCandidates_LeavesItToThePeer() =>
        Assert.Null(First().Choose(new PeerContact(null, null), [], Start));

    [Fact]
    public void Choose_WorkingEndpointThatNobodyAnnounced_IsNeverOverridden()
    {
        var (chooser, roamed) = (First(), IPEndPoint.Parse("198.51.100.1:5"));
        for (var t = 0; t < 100; t++)
            Assert.Null(chooser.Choose(new PeerContact(roamed, TimeSpan.FromSeconds(t % 15)), [V6, V4], Start + (t * Second)));
    }

    [Fact]
    public void Choose_OneFamilyIsCut_TheOtherIsInUseWithin25Seconds()
    {
        var peer = new SimulatedPeer(First(), [V6, OtherV6, V4]) { Answers = [V6, OtherV6] };
        peer.Run(30);
        Assert.Equal(V6, peer.Current);
        peer.Answers = [V4];
        peer.Run(25);
        Assert.Equal(V4, peer.Current);
        Assert.True(peer.Silence < Second * 10);
    }

    [Fact]
    public void Choose_WayToTheEndpointIsGone_CallsTheOtherFamilyAtOnceThoughThePeerWasJustHeard()
    {
        var chooser = First();
        Assert.Null(chooser.Choose(new PeerContact(V6, TimeSpan.Zero), [V6, V4], Start));
        Assert.Equal(V4, chooser.Choose(new PeerContact(V6, Second, IsCut: true), [V4], Start + Second));
        Assert.Null(chooser.Choose(new PeerContact(V4, Second), [V4], Start + Second));
        Assert.Null(chooser.Choose(new PeerContact(V6, Second, IsCut: true), [], Start + (2 * Second)));
    }

    [Fact]
    public void Choose_NothingAnswers_TriesEveryCandidateThePresentOneAmongThem()
    {
        var peer = new SimulatedPeer(First(), [V6, OtherV6, V4]);
        peer.Run(60);
        Assert.All([V6, OtherV6, V4], candidate => Assert.True(peer.Tried.Count(tried => tried.Equals(candidate)) >= 2));
    }

    [Fact]
    public void Choose_PeerThatIsOffForLong_IsCalledNoMoreThanOnceInTenSeconds()
    {
        var peer = new SimulatedPeer(First(), [V6, V4]);
        peer.Run(60);
        var before = peer.Tried.Count;
        peer.Run(100);
        Assert.InRange(peer.Tried.Count - before, 9, 11);
    }

    [Fact]
    public void Choose_WorkedAgain_IsTriedQuicklyAtTheNextLoss()
    {
        var peer = new SimulatedPeer(First(), [V6, V4]);
        peer.Run(100);
        peer.Answers = [V6, V4];
        peer.Run(30);
        peer.Answers = [V4];
        peer.Run(25);
        Assert.Equal(V4, peer.Current);
        Assert.True(peer.Silence < EndpointChooser.WorkingFor);
    }

    [Fact]
    public void Choose_WorkingLinkBesideAPreferredUnderlay_IsLedThereAndLeftAloneWhereItStays()
    {
        var chooser = First();
        Assert.Null(Led(chooser, 0, V4));
        Assert.Null(Led(chooser, 9, V4));
        Assert.Equal(V4, Led(chooser, 10, V4));
        for (var t = 11; t < 1000; t++)
            Assert.Null(Led(chooser, t, null));
        Assert.Null(Led(chooser, 1000, V4)); // roamed back: as at first
        Assert.Equal(V4, Led(chooser, 1010, V4));
    }

    [Fact]
    public void Choose_PreferredUnderlayThatNothingPasses_IsTriedEverMoreSeldom()
    {
        var chooser = First();
        var led = Enumerable.Range(0, 6 * 3600).Where(t => Led(chooser, t, V4) is not null).ToList();
        Assert.Equal([10, 70, 190, 430, 910, 1870, 3790, 7630, 11470, 15310, 19150], led);
    }

    [Fact]
    public void Choose_SilentLink_IsCalledInTurnWhateverIsPreferred()
    {
        var chooser = First();
        Assert.Null(Led(chooser, 0, V4));
        Assert.Equal(V4, chooser.Choose(new PeerContact(V6, 15 * Second) { Preferred = [OtherV6] }, [OtherV6, V6, V4], Start + (20 * Second)));
    }

    private static IPEndPoint? Led(EndpointChooser chooser, int second, IPEndPoint? preferred) =>
        chooser.Choose(new PeerContact(preferred is null ? V4 : V6, Second) { Preferred = preferred is null ? [] : [preferred] }, [V4, V6], Start + (second * Second));

    /// <summary>Both ends prefer a network in which nothing passes any more: they never wait there for each other, as neither would hear the other again.</summary>
    [Fact]
    public void Choose_BothEndsLeadIntoADeadNetwork_AreHardlyEverThereTogether()
    {
        var second = new EndpointChooser(isInitiator: false, TimeSpan.Zero, Start);
        var first = First();
        int[] Times(EndpointChooser chooser) => [.. Enumerable.Range(0, 24 * 3600).Where(t => Led(chooser, t, V4) is not null)];
        var (one, other) = (Times(first), Times(second));
        Assert.Equal(25, other[0]);
        Assert.All(one, t => Assert.DoesNotContain(other, o => Math.Abs(o - t) < 10));
    }

    [Fact]
    public void Choose_LedWhereThePeerIsNotHeard_GoesBackAfterFiveSeconds_AndWaitsForLonger()
    {
        var chooser = First();
        var (current, heard, led, backs) = (V6, 0, new List<int>(), new List<int>());
        for (var t = 0; t < 6 * 3600; t++)
        {
            if (current.Equals(V6)) heard = t;
            if (chooser.Choose(new PeerContact(current, (t - heard) * Second) { Preferred = current.Equals(V6) ? [V4] : [] }, [V4, V6], Start + (t * Second)) is not { } next) continue;
            (next.Equals(V4) ? led : backs).Add(t);
            current = next;
        }
        Assert.Equal([10, 975], led.Take(2));
        Assert.Equal(led.Select(t => t + 5), backs);
        Assert.True(led.Count <= 3, string.Join(' ', led));
    }

    [Fact]
    public void Choose_SeveralPreferred_AreTriedInTurn()
    {
        var chooser = First();
        IPEndPoint? At(int second) => chooser.Choose(new PeerContact(V6, Second) { Preferred = [V4, OtherV6] }, [V4, OtherV6, V6], Start + (second * Second));
        Assert.Null(At(0));
        Assert.Equal(V4, At(10));
        Assert.Equal(OtherV6, At(70));
        Assert.Equal(V4, At(190));
    }

    [Theory]
    [InlineData(2, false, 1, false, true)]
    [InlineData(1, false, 2, false, false)]
    [InlineData(1, true, 2, false, true)]
    [InlineData(2, false, 1, true, false)]
    public void IsInitiator_OfAPair_IsTheHiddenOneElseTheLarger(uint self, bool selfHidden, uint peer, bool peerHidden, bool expected) =>
        Assert.Equal(expected, EndpointChooser.IsInitiator(self, selfHidden, peer, peerHidden));

    [Fact]
    public void Choose_NewPeerOverABrokenFamily_CallsTheOtherWithin11Seconds()
    {
        // What the engine makes of the tries: a call at once, or REKEY_TIMEOUT after the one before.
        var (chooser, called, current) = (First(), new List<(int At, IPEndPoint Where)>(), (IPEndPoint?)null);
        for (var t = 0; t <= 11; t++)
        {
            current = chooser.Choose(new PeerContact(current, null), [V6, V4], Start + (t * Second)) ?? current;
            if (called.Count == 0 || t - called[^1].At >= 5)
                called.Add((t, current!));
        }
        Assert.Equal([(0, V6), (5, V6), (10, V4)], called);
    }

    private static EndpointChooser First() => new(isInitiator: true, TimeSpan.Zero, Start);

    /// <summary>A data plane with one peer: heard each second while the endpoint in use is one that answers.</summary>
    private sealed class SimulatedPeer(EndpointChooser chooser, IPEndPoint[] candidates)
    {
        private TimeSpan _now = Start;
        private TimeSpan? _heard;

        public IPEndPoint[] Answers { get; set; } = [];
        public IPEndPoint? Current { get; private set; }
        public List<IPEndPoint> Tried { get; } = [];
        public TimeSpan? Silence => _now - _heard;

        public void Run(int seconds)
        {
            for (var i = 0; i < seconds; i++)
            {
                if (chooser.Choose(new PeerContact(Current, Silence), candidates, _now) is { } next)
                {
                    Current = next;
                    Tried.Add(next);
                }
                _now += Second;
                if (Current is not null && Answers.Contains(Current))
                    _heard = _now;
            }
        }
    }
}
