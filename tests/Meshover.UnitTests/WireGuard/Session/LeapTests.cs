namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>Time that passed without a tick: the machine slept.</summary>
public sealed class LeapTests
{
    [Fact]
    public void EndExpired_ASessionThatIsTooOld_IsZeroedAtOnce()
    {
        var tunnel = new Tunnel().Connect();
        var keypair = tunnel.ToB.SendKeypair!;

        tunnel.A.Manager.EndExpired(tunnel.Now + 180_000);

        Assert.Null(tunnel.ToB.SendKeypair);
        Assert.True(keypair.SendCipher.IsDisposed);
        Assert.Equal(0, tunnel.A.Manager.Indices.Count);
    }

    [Fact]
    public void EndExpired_ASessionThatStillLives_GoesOn()
    {
        var tunnel = new Tunnel().Connect();
        tunnel.A.Manager.EndExpired(tunnel.Now + 179_000);

        Assert.True(tunnel.Send(tunnel.ToB));
    }
}
