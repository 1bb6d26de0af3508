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
        var tunnel = new Tunnel(presharedKey: withPsk ? Psk : null).Connect();

        Assert.True(tunnel.Send(tunnel.ToB));
        Assert.True(tunnel.Send(tunnel.ToA));
        Assert.Equal(["initiation", "seen", "ready, confirm"], tunnel.A.Events);
        Assert.Equal(["seen", "response", "ready"], tunnel.B.Events);
    }

    [Fact]
    public void Connect_PresharedKeysDiffer_IsNotAuthentic()
    {
        var tunnel = new Tunnel(presharedKey: Psk, presharedKeyOfB: new byte[32]);
        tunnel.ToB.RequestHandshake(tunnel.Now);

        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now));
        Assert.Equal(HandshakeOutcome.NotAuthentic, tunnel.A.Receive(tunnel.B.Outbox.Dequeue(), tunnel.Now));
        Assert.Null(tunnel.ToB.SendKeypair);
    }
}
