namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>Time that passed without a tick: the machine slept.</summary>
public sealed class LeapTests
{
    [Fact]
    public void EndExpired_ASessionThatIsTooOld_IsZeroedAtOnce()
    {
        using var tunnel = new Tunnel().Connect();
        var session = tunnel.ToB.SendSession!;

        tunnel.A.Manager.EndExpired(tunnel.Now + 180_000);

        Assert.Null(tunnel.ToB.SendSession);
        Assert.True(session.SendCipher.IsDisposed);
        Assert.Equal(0, tunnel.A.Manager.Indices.Count);
    }

    [Fact]
    public void EndExpired_ASessionThatStillLives_GoesOn()
    {
        using var tunnel = new Tunnel().Connect();
        tunnel.A.Manager.EndExpired(tunnel.Now + 179_000);

        Assert.True(tunnel.Send(tunnel.ToB));
    }
}
