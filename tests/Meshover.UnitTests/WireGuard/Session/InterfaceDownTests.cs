using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>An interface that is set down is silent and forgets its sessions, as in Linux (wg_stop).</summary>
public sealed class InterfaceDownTests
{
    private const long Second = 1_000;

    [Fact]
    public void Down_TheSessionsEndAndTheirKeysAreZeroed()
    {
        using var tunnel = new Tunnel().Connect();
        var session = tunnel.ToB.SendSession!;
        tunnel.A.Manager.IsRunning = false;
        tunnel.Pass(Tunnel.TickMs);

        Assert.Null(tunnel.ToB.SendSession);
        Assert.True(session.SendCipher.IsDisposed);
        Assert.True(session.ReceiveCipher.IsDisposed);
        Assert.Equal(0, tunnel.A.Manager.Indices.Count);
        Assert.Equal(1, tunnel.A.Count("abandoned"));
    }

    [Fact]
    public void Down_NothingIsSentAndNobodyIsAnswered()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.PersistentKeepalive = 25 * Second;
        tunnel.A.Manager.IsRunning = false;
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.Pass(600 * Second);
        tunnel.ToA.RequestHandshake(tunnel.Now);

        Assert.Equal(HandshakeOutcome.NotRunning, tunnel.A.Receive(tunnel.B.Outbox.Dequeue(), tunnel.Now));
        Assert.Empty(tunnel.A.Outbox);
    }

    [Fact]
    public void Down_WhileAHandshakeRuns_ItIsForgotten()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now);
        tunnel.A.Manager.IsRunning = false;
        tunnel.A.Manager.IsRunning = true;

        Assert.Equal(HandshakeOutcome.UnknownIndex, tunnel.A.Receive(tunnel.B.Outbox.Dequeue(), tunnel.Now));
        tunnel.Pass(60 * Second);
        Assert.Empty(tunnel.A.Outbox);
    }

    [Fact]
    public void UpAgain_AHandshakeIsMadeAtOnce()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.A.Manager.IsRunning = false;
        tunnel.A.Manager.IsRunning = true;
        tunnel.ToB.RequestHandshake(tunnel.Now + 20);
        Assert.Single(tunnel.A.Outbox);
        tunnel.Pass(Second);
        tunnel.Deliver();

        Assert.True(tunnel.Send(tunnel.ToB));
    }
}
