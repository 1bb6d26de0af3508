using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>A changes its key from K1 to K2. B hears of it sooner or later than A itself, or not at all.</summary>
public sealed class KeyChangeTests : IDisposable
{
    private static readonly byte[] K2 = TestKeys.Private(7);

    private static readonly WireGuardKey Second = PublicOf(K2);

    private readonly Tunnel _tunnel = new Tunnel().Connect();

    public KeyChangeTests()
    {
        _tunnel.Pass(10_000); // or no handshake would be due yet
    }

    public void Dispose() => _tunnel.Dispose();

    [Fact]
    public void Announced_ThePeerHeardOfItFirst_NoSessionEndsAndTheNewKeyIsAnsweredAtOnce()
    {
        AnnounceAtA();
        HearAtB();

        Assert.True(BothSend());
        _tunnel.Pass(2_000, deliver: true);
        Assert.True(_tunnel.Send(_tunnel.ToA, data: false)); // confirms the new session
        AssertAgreed(Second);
        Assert.True(BothSend());
    }

    [Fact]
    public void InUse_ThePeerHearsOfItLater_NoSessionEnds()
    {
        AnnounceAtA();
        UseAtA();
        _tunnel.Pass(3_000, deliver: true);
        Assert.True(BothSend());

        HearAtB();
        _tunnel.Pass(10_000, deliver: true);

        AssertAgreed(Second);
        Assert.True(BothSend());
    }

    [Fact]
    public void InUse_APeerThatNeverHearsOfIt_IsAnsweredByTheFormerKeyForLongerThanASessionLives()
    {
        AnnounceAtA();
        UseAtA();

        for (var i = 0; i < 4_000; i++)
        {
            _tunnel.Pass(100, deliver: true);
            Assert.True(BothSend());
        }
        Assert.Equal(First, _tunnel.ToA.Agreed!.Theirs);
    }

    [Fact]
    public void InUse_APeerThatOnlyListensAndNeverHearsOfIt_IsCalledByTheFormerKey()
    {
        AnnounceAtA();
        UseAtA();

        for (var i = 0; i < 4_000; i++)
        {
            _tunnel.Pass(100, deliver: true);
            Assert.True(_tunnel.Send(_tunnel.ToB));
        }
    }

    [Fact]
    public void InUse_APacketOfASessionBefore_IsTakenAfter()
    {
        AnnounceAtA();
        var (toB, toA) = (_tunnel.Seal(_tunnel.ToB, [1])!, _tunnel.Seal(_tunnel.ToA, [2])!);
        UseAtA();
        HearAtB();
        _tunnel.Pass(2_000, deliver: true);

        Assert.Equal([1], _tunnel.Open(_tunnel.B, toB));
        Assert.Equal([2], _tunnel.Open(_tunnel.A, toA));
    }

    [Fact]
    public void GivenUp_TheSessionsGoOnAndTheFormerKeyIsAnsweredNoMore()
    {
        AnnounceAtA();
        UseAtA();
        HearAtB();
        _tunnel.Pass(2_000, deliver: true);
        _tunnel.A.Manager.SetPrivateKey(K2);
        _tunnel.B.Manager.SetPeerKeys(_tunnel.ToA, [Second]);
        Assert.True(BothSend());

        var stranger = new Engine(9);
        stranger.Manager.AddPeer(First, new object()).RequestHandshake(_tunnel.Now);
        Assert.Equal(HandshakeOutcome.WrongMac, _tunnel.A.Receive(stranger.Outbox.Dequeue(), _tunnel.Now));
    }

    [Fact]
    public void BothEndsAtOnce_NoSessionEnds()
    {
        var k2OfB = TestKeys.Private(8);
        var (firstOfB, secondOfB) = (_tunnel.B.PublicKey, PublicOf(k2OfB));
        AnnounceAtA();
        _tunnel.B.Manager.SetPrivateKey(_tunnel.B.PrivateKey, k2OfB);
        HearAtB();
        _tunnel.A.Manager.SetPeerKeys(_tunnel.ToB, [secondOfB, firstOfB]);
        Assert.True(BothSend());
        UseAtA();
        _tunnel.B.Manager.SetPrivateKey(k2OfB, _tunnel.B.PrivateKey);
        Assert.True(BothSend());

        _tunnel.Pass(10_000, deliver: true);
        Assert.True(BothSend());
        Assert.Equal(new AgreedKeys(Second, secondOfB), _tunnel.ToB.Agreed);
    }

    [Fact]
    public void OtherKey_ThatHasNothingInCommonWithTheFormer_EndsTheSessions()
    {
        Assert.True(_tunnel.A.Manager.SetPrivateKey(K2, TestKeys.Private(8)));

        Assert.False(_tunnel.Send(_tunnel.ToB));
    }

    [Fact]
    public void AHandshakeThatWaits_WithTheFormerKey_IsCompletedAfterTheChange()
    {
        _tunnel.Pass(10_000);
        _tunnel.ToB.RequestHandshake(_tunnel.Now);
        AnnounceAtA();
        UseAtA();

        Assert.Equal(HandshakeOutcome.Answered, _tunnel.B.Receive(_tunnel.A.Outbox.Dequeue(), _tunnel.Now));
        Assert.Equal(HandshakeOutcome.Completed, _tunnel.A.Receive(_tunnel.B.Outbox.Dequeue(), _tunnel.Now));
    }

    [Fact]
    public void UnderLoad_TheFormerKeyGetsACookieThatIsTaken()
    {
        var busy = new Engine(3, handshakesPerSecond: 0);
        var caller = new Engine(4);
        busy.AddPeer(caller);
        var toBusy = caller.AddPeer(busy);
        busy.Manager.SetPrivateKey(K2, busy.PrivateKey);
        toBusy.RequestHandshake(1_000_000);

        Assert.Equal(HandshakeOutcome.CookieSent, busy.Receive(caller.Outbox.Dequeue(), 1_000_000));
        Assert.Equal(HandshakeOutcome.CookieTaken, caller.Receive(busy.Outbox.Dequeue(), 1_000_000));
        toBusy.RequestHandshake(1_010_000);
        Assert.Equal(HandshakeOutcome.Answered, busy.Receive(caller.Outbox.Dequeue(), 1_010_000));
    }

    [Fact]
    public void AHundredPeers_AreCalledOverASecondAndNotInOneMoment()
    {
        var node = new Engine(1);
        var peers = Enumerable.Range(2, 100).Select(seed => new Engine((byte)seed)).ToList();
        foreach (var peer in peers)
        {
            peer.AddPeer(node);
            Connect(node, peer, node.AddPeer(peer));
        }
        node.Manager.SetPrivateKey(K2, node.PrivateKey);

        var most = 0;
        for (var now = 1_010_000; now < 1_012_000; now += 100)
        {
            node.Outbox.Clear();
            node.Manager.Tick(now);
            most = Math.Max(most, node.Outbox.Count);
        }
        Assert.InRange(most, 1, 40);
        Assert.Equal(100 + 100, node.Count("initiation"));
    }

    [Fact]
    public void FirstKeyOfThePeer_OfLowOrder_DoesNotKeepTheSecondFromBeingCalled()
    {
        var (a, b) = (new Engine(1), new Engine(2));
        b.AddPeer(a);
        var toB = a.AddPeer(b);
        a.Manager.SetPeerKeys(toB, [default, b.PublicKey]);

        Connect(a, b, toB);

        Assert.Equal(b.PublicKey, toB.Agreed?.Theirs);
    }

    private static void Connect(Engine a, Engine b, PeerSession toB)
    {
        toB.RequestHandshake(1_000_000);
        b.Receive(a.Outbox.Dequeue(), 1_000_000);
        a.Receive(b.Outbox.Dequeue(), 1_000_000);
    }

    private void AnnounceAtA() => Assert.False(_tunnel.A.Manager.SetPrivateKey(K1, K2));

    private void UseAtA() => Assert.False(_tunnel.A.Manager.SetPrivateKey(K2, K1));

    private void HearAtB() => _tunnel.B.Manager.SetPeerKeys(_tunnel.ToA, [Second, First]);

    private bool BothSend() => _tunnel.Send(_tunnel.ToB) && _tunnel.Send(_tunnel.ToA);

    private void AssertAgreed(WireGuardKey key)
    {
        Assert.Equal(key, _tunnel.ToB.Agreed!.Ours);
        Assert.Equal(key, _tunnel.ToA.Agreed!.Theirs);
    }

    private WireGuardKey First => PublicOf(K1);

    private byte[] K1 => _tunnel.A.PrivateKey;

    private static WireGuardKey PublicOf(byte[] privateKey) => new WireGuardSecret(privateKey).PublicKey!.Value;
}
