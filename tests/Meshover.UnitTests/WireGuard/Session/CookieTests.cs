using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class CookieTests
{
    private static readonly byte[] Elsewhere = [198, 51, 100, 7, 0x32, 0x70];

    private readonly Engine _a = new(1);
    private readonly Engine _busy = new(2, handshakesPerSecond: 0); // under load from the first message on
    private readonly PeerSession _toBusy;
    private long _now = 1_000_000;

    public CookieTests()
    {
        _toBusy = _a.AddPeer(_busy);
        _busy.AddPeer(_a);
    }

    [Fact]
    public void UnderLoad_TheFirstInitiationGetsACookieAndTheSecondAnAnswer()
    {
        Assert.Equal(HandshakeOutcome.CookieSent, _busy.Receive(Initiate(), _now));
        Assert.Equal(HandshakeOutcome.CookieTaken, _a.Receive(_busy.Outbox.Dequeue(), _now));
        Assert.Equal(HandshakeOutcome.Answered, _busy.Receive(Initiate(), _now));
        Assert.Equal(HandshakeOutcome.Completed, _a.Receive(_busy.Outbox.Dequeue(), _now));
    }

    [Fact]
    public void UnderLoad_TheCookieFromAnotherAddress_IsWorthNothing()
    {
        TakeCookie();

        Assert.Equal(HandshakeOutcome.CookieSent, _busy.Manager.Receive(Initiate(), Elsewhere, _now));
    }

    [Fact]
    public void UnderLoad_TheSecretHasChanged_TheCookieIsWorthNothing()
    {
        TakeCookie();
        var initiation = Initiate();

        Assert.Equal(HandshakeOutcome.CookieSent, _busy.Receive(initiation, _now + 120_000));
    }

    [Fact]
    public void UnderLoad_TheSecretIsNearlyTwoMinutesOld_TheCookieIsStillTaken()
    {
        TakeCookie();
        var initiation = Initiate();

        Assert.Equal(HandshakeOutcome.Answered, _busy.Receive(initiation, _now + 110_000));
    }

    [Fact]
    public void UnderLoad_AResponseThatWeAskedFor_IsTakenWithoutACookie()
    {
        var (a, _, response) = Called();

        Assert.Equal(HandshakeOutcome.Completed, a.Receive(response, _now));
    }

    [Fact]
    public void UnderLoad_AResponseAfterSomeThatWereForged_IsTakenOnlyWithACookie()
    {
        var (a, b, response) = Called();
        for (var i = 0; i < 3; i++)
            Assert.Equal(HandshakeOutcome.NotAuthentic, a.Receive(Forged(response, a), _now));

        Assert.Equal(HandshakeOutcome.CookieSent, a.Receive(response, _now));
        Assert.Equal(HandshakeOutcome.CookieTaken, b.Receive(a.Outbox.Dequeue(), _now));
    }

    [Fact]
    public void UnderLoad_AResponseThatNobodyAskedFor_CostsNoCookie()
    {
        var (a, _, response) = Called();
        Assert.Equal(HandshakeOutcome.Completed, a.Receive(response, _now));

        Assert.Equal(HandshakeOutcome.UnknownIndex, a.Receive(response, _now));
        Assert.Empty(a.Outbox);
    }

    [Fact]
    public void CookieReply_IsNotAnsweredAtOnce_TheNextInitiationWaitsItsTime()
    {
        TakeCookie();
        _a.Manager.Tick(_now + 4_900);
        Assert.Empty(_a.Outbox);

        _a.Manager.Tick(_now + 5_400);
        Assert.Contains(_a.Outbox.Dequeue()[^16..], b => b != 0);
    }

    [Fact]
    public void NotUnderLoad_AWrongMac2_DoesNotMatter()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var initiation = tunnel.A.Outbox.Dequeue();
        initiation[^1] = 1;

        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(initiation, tunnel.Now));
    }

    [Fact]
    public void Cookie_OlderThanItsTime_IsNotUsedAnyMore()
    {
        TakeCookie();
        Assert.Contains(Initiate()[^16..], b => b != 0);

        _now += 115_000;
        Assert.Equal(new byte[16], Initiate()[^16..]);
    }

    [Fact]
    public void CookieReply_SentTwice_IsTakenOnce()
    {
        _busy.Receive(Initiate(), _now);
        var reply = _busy.Outbox.Dequeue();

        Assert.Equal(HandshakeOutcome.CookieTaken, _a.Receive(reply, _now));
        Assert.Equal(HandshakeOutcome.NotAuthentic, _a.Receive(reply, _now));
    }

    [Fact]
    public void CookieReply_AnyBitFlipped_IsRefusedAndTheGenuineOneIsTaken()
    {
        _busy.Receive(Initiate(), _now);
        var reply = _busy.Outbox.Dequeue();
        for (var bit = 0; bit < reply.Length * 8; bit++)
        {
            byte[] damaged = [.. reply];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(_a.Receive(damaged, _now) is
                HandshakeOutcome.Malformed or HandshakeOutcome.UnknownIndex or HandshakeOutcome.NotAuthentic or HandshakeOutcome.WrongMac);
        }

        Assert.Equal(HandshakeOutcome.CookieTaken, _a.Receive(reply, _now));
    }

    [Fact]
    public void UnderLoad_AWrongMac1_GetsNoReply()
    {
        var initiation = Initiate();
        initiation[^20] ^= 1;

        Assert.Equal(HandshakeOutcome.WrongMac, _busy.Receive(initiation, _now));
        Assert.Empty(_busy.Outbox);
    }

    [Fact]
    public void UnderLoad_TooManyFromOneAddress_AreRefusedUntilTimeHasPassed()
    {
        TakeCookie();
        var initiations = Enumerable.Range(0, 8).Select(_ => Initiate()).ToList();
        var outcomes = initiations.Select(initiation => _busy.Receive(initiation, _now)).ToList();

        Assert.Equal(5, outcomes.Count(o => o != HandshakeOutcome.RateLimited));
        Assert.Equal(HandshakeOutcome.Answered, _busy.Receive(Initiate(), _now));
    }

    [Fact]
    public void UnderLoad_AFloodFromOneAddress_GetsAFewCookiesAndOthersTheirs()
    {
        var initiations = Enumerable.Range(0, 50).Select(_ => Initiate()).ToList();
        var outcomes = initiations.Select(initiation => _busy.Receive(initiation, _now)).ToList();

        Assert.Equal(5, outcomes.Count(o => o == HandshakeOutcome.CookieSent));
        Assert.Equal(45, outcomes.Count(o => o == HandshakeOutcome.RateLimited));
        Assert.Equal(HandshakeOutcome.CookieSent, _busy.Manager.Receive(initiations[0], Elsewhere, _now));
    }

    [Fact]
    public void Load_ManyMessagesInAMoment_AsksForCookiesForASecond()
    {
        var load = new HandshakeLoad(perSecond: 400);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.False(load.IsUnderLoad(10_000, backlog: 0)));
        Assert.True(load.IsUnderLoad(10_000, backlog: 0));
        Assert.True(load.IsUnderLoad(10_900, backlog: 0));
        Assert.False(load.IsUnderLoad(11_100, backlog: 0));
    }

    [Fact]
    public void Load_ALongBacklog_AsksForCookies() =>
        Assert.True(new HandshakeLoad(perSecond: 400).IsUnderLoad(10_000, backlog: 1_000));

    [Fact]
    public void RateLimiter_Ipv6AddressesOfOneSubnet_ShareABucketAndOthersDoNot()
    {
        var limiter = new HandshakeRateLimiter();
        for (byte host = 0; host < 5; host++)
            Assert.True(limiter.TryTake(Ipv6(subnet: 1, host), 1));

        Assert.False(limiter.TryTake(Ipv6(subnet: 1, 99), 1));
        Assert.True(limiter.TryTake(Ipv6(subnet: 2, 1), 1));
    }

    [Fact]
    public void RateLimiter_AFloodOfAddresses_HasABound()
    {
        var limiter = new HandshakeRateLimiter();
        var allowed = Enumerable.Range(0, 20_000).Count(i => limiter.TryTake([.. BitConverter.GetBytes(i), 0, 1], 1));
        Assert.Equal(8_192, allowed);

        limiter.Sweep(10_000);
        Assert.True(limiter.TryTake([1, 2, 3, 250, 0, 1], 10_000));
    }

    private static byte[] Ipv6(byte subnet, byte host) => [0x20, 1, 0xd, 0xb8, 0, 0, 0, subnet, 0, 0, 0, 0, 0, 0, 0, host, 0x32, 0x70];

    // A, under load, has called B, and this is B's answer.
    private (Engine A, Engine B, byte[] Response) Called()
    {
        var a = new Engine(3, handshakesPerSecond: 0);
        var b = new Engine(4);
        b.AddPeer(a);
        a.AddPeer(b).RequestHandshake(_now);
        b.Receive(a.Outbox.Dequeue(), _now);
        return (a, b, b.Outbox.Dequeue());
    }

    // Whoever knows the public key can make mac1.
    private static byte[] Forged(byte[] response, Engine to)
    {
        byte[] forged = [.. response];
        forged[20] ^= 1;
        new CookieGenerator(to.PublicKey, 1).AddMacs(forged, 0);
        return forged;
    }

    private byte[] Initiate()
    {
        _now += 5_000;
        _a.Clock.Advance(TimeSpan.FromSeconds(5));
        _toBusy.RequestHandshake(_now);
        return _a.Outbox.Dequeue();
    }

    private void TakeCookie()
    {
        _busy.Receive(Initiate(), _now);
        Assert.Equal(HandshakeOutcome.CookieTaken, _a.Receive(_busy.Outbox.Dequeue(), _now));
    }
}
