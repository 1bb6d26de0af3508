using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class HandshakeTests
{
    private static readonly byte[] Psk = [.. Enumerable.Range(7, 32).Select(i => (byte)i)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connect_WithAndWithoutPresharedKey_CarriesPacketsBothWays(bool withPsk)
    {
        using var tunnel = new Tunnel(presharedKey: withPsk ? Psk : null).Connect();

        Assert.True(tunnel.Send(tunnel.ToB));
        Assert.True(tunnel.Send(tunnel.ToA));
        Assert.Equal(["initiation", "seen", "ready, confirm"], tunnel.A.Events);
        Assert.Equal(["seen", "response", "ready"], tunnel.B.Events);
    }

    [Fact]
    public void Connect_PresharedKeysDiffer_IsNotAuthentic()
    {
        using var tunnel = new Tunnel(presharedKey: Psk, presharedKeyOfB: new byte[32]);
        tunnel.ToB.RequestHandshake(tunnel.Now);

        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now));
        Assert.Equal(HandshakeOutcome.NotAuthentic, tunnel.A.Receive(tunnel.B.Outbox.Dequeue(), tunnel.Now));
        Assert.Null(tunnel.ToB.SendSession);
    }

    [Fact]
    public void Confirm_BeforeTheFirstPacket_TheResponderDoesNotSend()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Deliver();
        Assert.NotNull(tunnel.ToB.SendSession);
        Assert.Null(tunnel.ToA.SendSession);

        Assert.True(tunnel.Send(tunnel.ToB, data: false));
        Assert.NotNull(tunnel.ToA.SendSession);
        Assert.Equal(1, tunnel.B.Count("ready"));
    }

    [Fact]
    public void BothBeginAtOnce_BothCanSendAtOnce()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.ToA.RequestHandshake(tunnel.Now);
        tunnel.Deliver();

        Assert.True(tunnel.Send(tunnel.ToB));
        Assert.True(tunnel.Send(tunnel.ToA));
        Assert.True(tunnel.Send(tunnel.ToB));
    }

    [Fact]
    public void Renewed_PacketsUnderWayOnTheFormerSession_AreStillTaken()
    {
        using var tunnel = new Tunnel().Connect();
        var toB = tunnel.Seal(tunnel.ToB, [1])!;
        var toA = tunnel.Seal(tunnel.ToA, [2])!;
        tunnel.Pass(10_000);
        tunnel.Connect();

        Assert.Equal([1], tunnel.Open(tunnel.B, toB));
        Assert.Equal([2], tunnel.Open(tunnel.A, toA));
        Assert.Null(tunnel.Open(tunnel.A, toA));
    }

    [Fact]
    public void Renewed_TheSessionBeforeTheFormer_IsGoneAndItsKeysAreZeroed()
    {
        using var tunnel = new Tunnel().Connect();
        var first = tunnel.ToB.SendSession!;
        var toA = tunnel.Seal(tunnel.ToA, [2])!;
        for (var i = 0; i < 2; i++)
        {
            tunnel.Pass(10_000);
            tunnel.Connect();
        }
        tunnel.Pass(Tunnel.TickMs);

        Assert.Null(tunnel.Open(tunnel.A, toA));
        Assert.True(first.ReceiveCipher.IsDisposed);
        Assert.Equal(2, tunnel.A.Manager.Indices.Count);
    }

    [Fact]
    public void Initiation_SentTwice_IsRefusedAsAReplay()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var initiation = tunnel.A.Outbox.Dequeue();

        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(initiation, tunnel.Now));
        Assert.Equal(HandshakeOutcome.Replayed, tunnel.B.Receive(initiation, tunnel.Now + 60_000));
    }

    [Fact]
    public void Initiation_NewerButWithinTwentyMilliseconds_IsRefused()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.ToB.RequestHandshake(tunnel.Now + 5_000);

        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now));
        Assert.Equal(HandshakeOutcome.TooSoon, tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now + 19));
    }

    [Fact]
    public void Initiation_FiftyASecond_AreAllTaken()
    {
        using var tunnel = new Tunnel();
        for (var i = 0; i < 50; i++)
            tunnel.ToB.RequestHandshake(tunnel.Now + (i * 5_000));

        Assert.All(
            tunnel.A.Outbox.Select((initiation, i) => tunnel.B.Receive(initiation, tunnel.Now + (i * 20))),
            outcome => Assert.Equal(HandshakeOutcome.Answered, outcome));
    }

    [Fact]
    public void Initiation_RecordedBeforeARestart_IsRefusedByTheNextEngine()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var recorded = tunnel.A.Outbox.Dequeue();
        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(recorded, tunnel.Now));

        var next = new Engine(2);
        next.AddPeer(tunnel.A).NewestTimestamp = tunnel.ToA.NewestTimestamp;

        Assert.Equal(HandshakeOutcome.Replayed, next.Receive(recorded, tunnel.Now));
    }

    [Fact]
    public void Initiation_ReplayedAfterANewerOne_IsRefused()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.ToB.RequestHandshake(tunnel.Now + 5_000);
        var (older, newer) = (tunnel.A.Outbox.Dequeue(), tunnel.A.Outbox.Dequeue());

        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(newer, tunnel.Now));
        Assert.Equal(HandshakeOutcome.Replayed, tunnel.B.Receive(older, tunnel.Now + 1_000));
    }

    [Fact]
    public void Initiation_OfAStranger_IsRefused()
    {
        using var tunnel = new Tunnel();
        var stranger = new Engine(9);
        stranger.AddPeer(tunnel.B).RequestHandshake(tunnel.Now);

        Assert.Equal(HandshakeOutcome.UnknownPeer, tunnel.B.Receive(stranger.Outbox.Dequeue(), tunnel.Now));
        Assert.Empty(tunnel.B.Events);
    }

    [Fact]
    public void Initiation_ForAnotherKey_IsRefusedByItsMac()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);

        Assert.Equal(HandshakeOutcome.WrongMac, new Engine(9).Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now));
    }

    [Fact]
    public void Restart_WithTheClockSetBackAYear_ThePeerStillTakesOurInitiation()
    {
        var store = new MemoryTai64nStore();
        var answering = new Engine(2);

        Assert.Equal(HandshakeOutcome.Answered, Begin(store, yearsAgo: 0));
        Assert.Equal(HandshakeOutcome.Answered, Begin(store, yearsAgo: 1));
        Assert.Equal(HandshakeOutcome.Replayed, Begin(new MemoryTai64nStore(), yearsAgo: 1)); // what it is without the store

        HandshakeOutcome Begin(MemoryTai64nStore marks, int yearsAgo)
        {
            var engine = new Engine(1, store: marks);
            engine.Clock.SetUtcNow(new DateTimeOffset(2030 - yearsAgo, 1, 1, 0, 0, 0, TimeSpan.Zero));
            if (answering.Manager.FindPeer(engine.PublicKey) is null)
                answering.AddPeer(engine);
            engine.AddPeer(answering).RequestHandshake(1);
            return answering.Receive(engine.Outbox.Dequeue(), answering.Outbox.Count * 1_000);
        }
    }

    [Fact]
    public void Response_SentTwice_IsTakenOnce()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now);
        var response = tunnel.B.Outbox.Dequeue();

        Assert.Equal(HandshakeOutcome.Completed, tunnel.A.Receive(response, tunnel.Now));
        Assert.Equal(HandshakeOutcome.UnknownIndex, tunnel.A.Receive(response, tunnel.Now));
    }

    [Fact]
    public void Response_ToAnInitiationThatWasRepeated_IsRefusedAndTheNextIsTaken()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now);
        var late = tunnel.B.Outbox.Dequeue();
        tunnel.Pass(6_000);

        Assert.Equal(HandshakeOutcome.UnknownIndex, tunnel.A.Receive(late, tunnel.Now));
        tunnel.Deliver();
        Assert.True(tunnel.Send(tunnel.ToB));
    }

    [Fact]
    public void SetPrivateKey_AnotherOne_EndsAllSessionsAndNewOnesWorkOnceThePeerKnowsIt()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.A.Manager.SetPrivateKey(TestKeys.Private(5));
        Assert.Null(tunnel.ToB.SendSession);
        tunnel.MeetAgain();
        tunnel.Pass(5_000);
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Deliver();

        Assert.True(tunnel.Send(tunnel.ToB));
    }

    [Fact]
    public void SetPrivateKey_None_NothingIsSentOrTaken()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var initiation = tunnel.A.Outbox.Dequeue();
        tunnel.B.Manager.SetPrivateKey(new byte[32]);
        tunnel.ToA.RequestHandshake(tunnel.Now);

        Assert.Empty(tunnel.B.Outbox);
        Assert.Equal(HandshakeOutcome.WrongMac, tunnel.B.Receive(initiation, tunnel.Now));
    }

    [Fact]
    public void RemovePeer_ItsSessionIsGoneAndItIsAStranger()
    {
        using var tunnel = new Tunnel().Connect();
        var packet = tunnel.Seal(tunnel.ToB, [1])!;
        tunnel.B.Manager.RemovePeer(tunnel.ToA);
        tunnel.Pass(6_000);
        tunnel.ToB.RequestHandshake(tunnel.Now);

        Assert.Null(tunnel.Open(tunnel.B, packet));
        Assert.Equal(HandshakeOutcome.UnknownPeer, tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now));
        Assert.Equal(0, tunnel.B.Manager.Indices.Count);
    }

    [Fact]
    public void Peer_WithAKeyOfLowOrder_IsTakenButNeverCalled()
    {
        var engine = new Engine(1);
        engine.Manager.AddPeer(default, engine).RequestHandshake(1_000_000);

        Assert.Empty(engine.Outbox);
        Assert.Equal(0, engine.Manager.Indices.Count);
    }
}
