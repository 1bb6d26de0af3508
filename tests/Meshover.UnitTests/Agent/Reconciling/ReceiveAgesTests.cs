using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Linux.WireGuard;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class ReceiveAgesTests
{
    private static readonly WireGuardPeerInfo Peer = new() { PublicKey = new CurveKey(new byte[32]) };
    private readonly FakeTimeProvider _time = new();
    private readonly ReceiveAges _ages;

    public ReceiveAgesTests() => _ages = new ReceiveAges(_time);

    [Fact]
    public void Observe_NeverHeard_IsMinusOne() => Assert.Equal(-1, _ages.Observe(Peer, handshakeAge: null));

    [Fact]
    public void Observe_MetWithALiveSession_CountsAsHeardNow() =>
        Assert.Equal(0, _ages.Observe(Peer with { RxBytes = 100 }, TimeSpan.FromSeconds(170)));

    [Fact]
    public void Observe_MetWithADeadSession_IsAsOldAsItsHandshake() =>
        Assert.Equal(200_000, _ages.Observe(Peer with { RxBytes = 100 }, TimeSpan.FromSeconds(200)));

    [Fact]
    public void Observe_NoMoreBytes_GrowsOld()
    {
        _ages.Observe(Peer with { RxBytes = 100 }, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(16_000, _ages.Observe(Peer with { RxBytes = 100 }, TimeSpan.FromSeconds(17)));
    }

    [Fact]
    public void Observe_MoreBytes_IsYoungAgain()
    {
        _ages.Observe(Peer with { RxBytes = 100 }, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(0, _ages.Observe(Peer with { RxBytes = 132 }, TimeSpan.FromSeconds(17)));
    }

    [Fact]
    public void Observe_CounterThatBeganAgain_CountsFromThereOn()
    {
        _ages.Observe(Peer with { RxBytes = 50_000_000_000 }, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2_000, _ages.Observe(Peer, handshakeAge: null));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _ages.Observe(Peer with { RxBytes = 148 }, TimeSpan.Zero));
        _time.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(0, _ages.Observe(Peer with { RxBytes = 296 }, TimeSpan.FromSeconds(16)));
    }

    [Fact]
    public void Keep_PeerThatIsGone_IsForgotten()
    {
        _ages.Observe(Peer with { RxBytes = 100 }, TimeSpan.FromSeconds(1));
        _ages.Keep([]);
        Assert.Equal(-1, _ages.Observe(Peer, handshakeAge: null));
    }
}
