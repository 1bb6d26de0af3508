using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>The rules of the WireGuard paper, sections 6.1-6.5, in virtual time.</summary>
public sealed class TimerTests
{
    private const long Second = 1_000;
    private const long JitterAndTick = 333 + Tunnel.TickMs;

    [Fact]
    public void RekeyAfterTime_TheInitiatorStillSends_ItRenewsTheSession()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(109 * Second);
        tunnel.Send(tunnel.ToB);
        tunnel.Pass(Tunnel.TickMs);
        Assert.Empty(tunnel.A.Outbox);

        tunnel.Pass(11 * Second); // up to 10 s sooner than 120, so that not all do it at once
        tunnel.Send(tunnel.ToB);
        tunnel.Pass(Tunnel.TickMs);
        Assert.Single(tunnel.A.Outbox);
    }

    [Fact]
    public void RekeyAfterTime_TheResponderSends_ItLeavesTheRenewalToTheInitiator()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(150 * Second);
        tunnel.Send(tunnel.ToA);
        tunnel.Pass(Tunnel.TickMs);

        Assert.Empty(tunnel.B.Outbox);
    }

    [Fact]
    public void RekeyAfterTime_NobodySends_TheSessionIsLeftToEnd()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(179 * Second);

        Assert.Equal(1, tunnel.A.Count("initiation"));
        Assert.Equal(0, tunnel.B.Count("initiation"));
    }

    [Fact]
    public void RequestHandshake_ThePeerWasRemoved_NothingIsSent()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.Dispose();
        tunnel.ToB.RequestHandshake(0);

        Assert.Empty(tunnel.A.Outbox);
    }

    [Fact]
    public void RekeyAfterMessages_EitherEndSendsMore_ItRenewsTheSession()
    {
        using var tunnel = new Tunnel(new ProtocolTimes { RekeyAfterMessages = 10 }).Connect();
        tunnel.Pass(6 * Second);
        for (var i = 0; i < 10; i++)
            tunnel.Send(tunnel.ToA);
        tunnel.Pass(Tunnel.TickMs);
        Assert.Empty(tunnel.B.Outbox);

        tunnel.Send(tunnel.ToA);
        tunnel.Pass(Tunnel.TickMs);
        Assert.Single(tunnel.B.Outbox);
    }

    [Fact]
    public void RejectAfterMessages_TheKeyIsUsedUp()
    {
        using var tunnel = new Tunnel(new ProtocolTimes { RejectAfterMessages = 3 }).Connect(); // connecting took one

        Assert.True(tunnel.Send(tunnel.ToB));
        Assert.True(tunnel.Send(tunnel.ToB));
        Assert.False(tunnel.Send(tunnel.ToB));
        Assert.False(tunnel.ToB.SendSession!.MayReceive(3));
        Assert.True(tunnel.ToB.SendSession!.MayReceive(2));
    }

    [Fact]
    public void ReceivingOnly_TheInitiatorRenewsOnceWhileTheAnswerCanStillComeInTime()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(154 * Second);
        tunnel.Send(tunnel.ToA);
        tunnel.Pass(Tunnel.TickMs);
        Assert.Empty(tunnel.A.Outbox);

        tunnel.Pass(11 * Second); // 180 - 10 - 5 s, or up to 10 s sooner
        tunnel.Send(tunnel.ToA);
        tunnel.Pass(Tunnel.TickMs);
        Assert.Single(tunnel.A.Outbox);

        tunnel.Lose();
        tunnel.Send(tunnel.ToA);
        tunnel.Pass(4 * Second);
        Assert.Empty(tunnel.A.Outbox);
    }

    [Fact]
    public void ReceivingOnly_TheResponderDoesNotRenew()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(170 * Second);
        tunnel.Send(tunnel.ToB);
        tunnel.Pass(Tunnel.TickMs);

        Assert.Empty(tunnel.B.Outbox);
    }

    [Fact]
    public void RejectAfterTime_NothingIsSentOrTakenAnyMore()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(180 * Second - 1);
        var late = tunnel.Seal(tunnel.ToB, [1]);
        Assert.NotNull(late);
        Assert.True(tunnel.Send(tunnel.ToB));

        tunnel.Pass(1);
        Assert.False(tunnel.Send(tunnel.ToB));
        Assert.Null(tunnel.Open(tunnel.B, late));
    }

    [Fact]
    public void ThreeTimesRejectAfterTime_AllKeysAreForgotten()
    {
        using var tunnel = new Tunnel().Connect();
        var session = tunnel.ToB.SendSession;
        tunnel.Pass(539 * Second);
        Assert.Same(session, tunnel.ToB.SendSession);

        tunnel.Pass(Second + Tunnel.TickMs);
        Assert.Null(tunnel.ToB.SendSession);
        Assert.Null(tunnel.A.Manager.Indices.FindSession(session!.LocalIndex));
        Assert.Equal(0, tunnel.A.Manager.Indices.Count);
        Assert.True(session.SendCipher.IsDisposed);
    }

    [Fact]
    public void RekeyTimeout_NoAnswer_TheInitiationIsRepeatedEachFiveSecondsAndALittle()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var times = new List<long>();
        for (var i = 0; i < 600; i++)
        {
            if (tunnel.A.Outbox.Count > times.Count)
                times.Add(tunnel.Now);
            tunnel.Pass(Tunnel.TickMs);
        }

        var gaps = times.Zip(times.Skip(1), (a, b) => b - a).ToList();
        Assert.InRange(times.Count, 11, 12);
        Assert.All(gaps, gap => Assert.InRange(gap, 5 * Second, 5 * Second + JitterAndTick));
        Assert.True(gaps.Distinct().Count() > 1, "no jitter");
        Assert.Equal(tunnel.A.Outbox.Count, tunnel.A.Outbox.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void RekeyAttemptTime_StillNoAnswer_ItIsGivenUp()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Pass(90 * Second);
        Assert.Equal(0, tunnel.A.Count("abandoned"));

        tunnel.Pass(15 * Second);
        Assert.Equal(1, tunnel.A.Count("abandoned"));
        Assert.Equal(0, tunnel.A.Manager.Indices.Count);
        var sent = tunnel.A.Outbox.Count;
        Assert.InRange(sent, 18, 19);

        tunnel.Pass(600 * Second);
        Assert.Equal(sent, tunnel.A.Outbox.Count);
    }

    [Fact]
    public void RekeyAttemptTime_StillNoAnswer_TheHandshakeIsForgotten()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Pass(88 * Second);
        var last = tunnel.A.Outbox.Last();
        tunnel.Lose();
        tunnel.B.Receive(last, tunnel.Now);
        var response = tunnel.B.Outbox.Dequeue();
        tunnel.Pass(20 * Second);

        // Without its ephemeral key nobody can make sense of the answer any more.
        Assert.Equal(HandshakeOutcome.UnknownIndex, tunnel.A.Receive(response, tunnel.Now));
        Assert.Equal(0, tunnel.A.Manager.Indices.Count);
    }

    [Fact]
    public void RekeyAttemptTime_NewDataAfterwards_BeginsAnew()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Pass(120 * Second);
        tunnel.Lose();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Deliver();

        Assert.NotNull(tunnel.ToB.SendSession);
    }

    [Fact]
    public void RekeyTimeout_ManyRequests_OneInitiation()
    {
        using var tunnel = new Tunnel();
        for (var i = 0; i < 40; i++)
        {
            tunnel.ToB.RequestHandshake(tunnel.Now);
            tunnel.Pass(Tunnel.TickMs);
        }

        Assert.Single(tunnel.A.Outbox);
    }

    [Fact]
    public void RekeyTimeout_ARequestSoonAfterAnAnswerThatGotLost_IsNotForgotten()
    {
        using var tunnel = new Tunnel();
        tunnel.ToA.RequestHandshake(tunnel.Now);
        tunnel.A.Receive(tunnel.B.Outbox.Dequeue(), tunnel.Now);
        tunnel.Lose();
        tunnel.ToB.RequestHandshake(tunnel.Now + 10);
        Assert.Empty(tunnel.A.Outbox);

        tunnel.Pass(5 * Second + JitterAndTick);
        Assert.Single(tunnel.A.Outbox);
    }

    [Fact]
    public void RekeyTimeout_ARequestSoonAfterAnAnswerThatWasTaken_IsFulfilledByIt()
    {
        using var tunnel = new Tunnel();
        tunnel.ToA.RequestHandshake(tunnel.Now);
        tunnel.Deliver();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Send(tunnel.ToA, data: false);
        tunnel.Pass(20 * Second);

        Assert.NotNull(tunnel.ToB.SendSession);
        Assert.Equal(0, tunnel.A.Count("initiation"));
    }

    [Fact]
    public void RekeyTimeout_ARepetitionDueSoonAfterAnAnswer_WaitsForWhatComesOfIt()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Pass(4 * Second);
        tunnel.Lose();
        tunnel.ToA.RequestHandshake(tunnel.Now);
        tunnel.A.Receive(tunnel.B.Outbox.Dequeue(), tunnel.Now);
        tunnel.Lose();
        tunnel.Pass(4 * Second);
        Assert.Empty(tunnel.A.Outbox);

        tunnel.Pass(1 * Second + JitterAndTick);
        Assert.Single(tunnel.A.Outbox);
    }

    [Fact]
    public void KeepaliveTimeout_DataReceivedAndNothingToSend_AnEmptyPacketAnswers()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(Second);
        tunnel.Send(tunnel.ToB);
        tunnel.Pass(10 * Second - Tunnel.TickMs);
        Assert.Equal(0, tunnel.B.Count("keepalive"));

        tunnel.Pass(2 * Tunnel.TickMs);
        Assert.Equal(1, tunnel.B.Count("keepalive"));
        tunnel.Pass(60 * Second);
        Assert.Equal(1, tunnel.B.Count("keepalive"));
    }

    [Fact]
    public void KeepaliveTimeout_SomethingWasSentMeanwhile_NoEmptyPacket()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Send(tunnel.ToB);
        tunnel.Pass(5 * Second);
        tunnel.Send(tunnel.ToA);
        tunnel.Pass(9 * Second);

        Assert.Equal(0, tunnel.B.Count("keepalive"));
    }

    [Fact]
    public void KeepaliveTimeout_AnEmptyPacketReceived_IsNotAnswered()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(Second);
        tunnel.Send(tunnel.ToB, data: false);
        tunnel.Pass(60 * Second);

        Assert.Equal(0, tunnel.B.Count("keepalive"));
    }

    [Fact]
    public void KeepaliveTimeout_AnswerAndDataInOneMillisecond_TheKeepaliveStillComes()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(Second);
        tunnel.Send(tunnel.ToB);
        tunnel.Send(tunnel.ToA); // a ping whose reply is there at once: A owes B a sign of life
        tunnel.Pass(11 * Second);

        Assert.Equal(1, tunnel.A.Count("keepalive"));
    }

    [Fact]
    public void Silence_DataSentAndNothingBackForFifteenSeconds_BeginsAHandshake()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(20 * Second);
        tunnel.Send(tunnel.ToB, lost: true);
        tunnel.Pass(15 * Second - Tunnel.TickMs);
        Assert.Empty(tunnel.A.Outbox);

        tunnel.Pass(2 * JitterAndTick);
        Assert.Single(tunnel.A.Outbox);
    }

    [Fact]
    public void Silence_AnEmptyPacketCameBack_NoHandshake()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(20 * Second);
        tunnel.Send(tunnel.ToB);
        tunnel.Pass(10 * Second);
        tunnel.Send(tunnel.ToA, data: false);
        tunnel.Pass(60 * Second);

        Assert.Empty(tunnel.A.Outbox);
    }

    [Fact]
    public void Silence_OnlyEmptyPacketsSent_NoHandshake()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(20 * Second);
        tunnel.Send(tunnel.ToB, data: false, lost: true);
        tunnel.Pass(60 * Second);

        Assert.Empty(tunnel.A.Outbox);
    }

    [Fact]
    public void Silence_ThePeerIsGone_TheAttemptsEnd()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.Pass(20 * Second);
        tunnel.Send(tunnel.ToB, lost: true);
        tunnel.Pass(140 * Second);

        Assert.Equal(1, tunnel.A.Count("abandoned"));
        var sent = tunnel.A.Outbox.Count;
        tunnel.Pass(1_000 * Second);
        Assert.Equal(sent, tunnel.A.Outbox.Count);
    }

    [Fact]
    public void PersistentKeepalive_NothingElseToSay_AnEmptyPacketEachInterval()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.ToB.PersistentKeepalive = 25 * Second;
        tunnel.Pass(100 * Second);

        Assert.Equal(4, tunnel.A.Count("keepalive"));
    }

    [Fact]
    public void PersistentKeepalive_PacketsGoAnyway_NoneIsAdded()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.ToB.PersistentKeepalive = 25 * Second;
        for (var i = 0; i < 10; i++)
        {
            tunnel.Pass(10 * Second);
            tunnel.Send(tunnel.ToA, data: false);
        }

        Assert.Equal(1, tunnel.A.Count("keepalive")); // the one at the beginning
    }

    [Fact]
    public void PersistentKeepalive_TurnedOn_AnEmptyPacketGoesAtOnce()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.ToB.PersistentKeepalive = 25 * Second;
        tunnel.Pass(Tunnel.TickMs);
        Assert.Equal(1, tunnel.A.Count("keepalive"));

        tunnel.ToB.PersistentKeepalive = 20 * Second; // it was on already
        tunnel.Pass(Second);
        Assert.Equal(1, tunnel.A.Count("keepalive"));
    }

    [Fact]
    public void PersistentKeepalive_TheEngineHasJustStarted_DoesNotWaitForAnInterval()
    {
        var engine = new Engine(1);
        engine.AddPeer(new Engine(2)).PersistentKeepalive = 25 * Second;
        engine.Manager.Tick(1);

        Assert.Single(engine.Outbox);
    }

    [Fact]
    public void PersistentKeepalive_NoSession_BeginsAHandshakeAtOnceAndNeverStops()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.PersistentKeepalive = 25 * Second;
        tunnel.Pass(Tunnel.TickMs);
        Assert.Single(tunnel.A.Outbox);

        tunnel.Pass(600 * Second);
        Assert.True(tunnel.A.Outbox.Count > 80); // of 115 possible: a given-up handshake waits for the next interval
    }

    [Fact]
    public void Traffic_ForTwentyMinutes_EveryPacketArrivesThroughAllRenewals()
    {
        using var tunnel = new Tunnel().Connect();
        for (var i = 0; i < 12_000; i++)
        {
            tunnel.Pass(Tunnel.TickMs, deliver: true);
            Assert.True(tunnel.Send(tunnel.ToB), $"packet {i} to B");
            Assert.True(tunnel.Send(tunnel.ToA), $"packet {i} to A");
        }
        Assert.InRange(tunnel.A.Count("initiation") + tunnel.B.Count("initiation"), 10, 11);
    }

    [Fact]
    public void Idle_AThousandPeers_TicksAllocateNothing()
    {
        var engine = new Engine(1);
        for (var i = 0; i < 1_000; i++)
            engine.Manager.AddPeer(new(TestKeys.Random(i)), engine);
        engine.Manager.Tick(1_000_000);

        // A collection that another test brings about counts what is left of the thread's buffer as allocated: once, and not each time.
        var least = Enumerable.Range(0, 5).Min(round => AllocatedBy(engine, 1_000_000 + (round * 10_000)));
        Assert.Equal(0, least);
    }

    private static long AllocatedBy(Engine engine, long from)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var now = from + 250; now <= from + 10_000; now += 250)
            engine.Manager.Tick(now);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
