using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>Whatever is done to a message, it is refused, and the genuine one is still taken afterwards.</summary>
public sealed class DamagedMessageTests
{
    [Fact]
    public void Initiation_AnyBitFlipped_IsRefusedWithoutHarm()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var genuine = tunnel.A.Outbox.Dequeue();

        // mac2 (the last 16 bytes) is looked at only under load.
        AssertRefused(tunnel.B, genuine, (genuine.Length - 16) * 8, tunnel.Now);
        Assert.Empty(tunnel.B.Events);
        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(genuine, tunnel.Now));
    }

    [Fact]
    public void Response_AnyBitFlipped_IsRefusedWithoutHarm()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now);
        var genuine = tunnel.B.Outbox.Dequeue();

        AssertRefused(tunnel.A, genuine, (genuine.Length - 16) * 8, tunnel.Now);
        Assert.Equal(HandshakeOutcome.Completed, tunnel.A.Receive(genuine, tunnel.Now));
    }

    // With its mac1 made right again, the damage must be found by the handshake itself.
    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(87)]
    [InlineData(88)]
    [InlineData(115)]
    public void Initiation_DamagedByOneWhoKnowsThePublicKey_IsNotAuthentic(int position)
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var genuine = tunnel.A.Outbox.Dequeue();
        byte[] damaged = [.. genuine];
        damaged[position] ^= 0x40;
        new Meshover.WireGuard.Noise.CookieGenerator(tunnel.B.PublicKey, 1).AddMacs(damaged, tunnel.Now);

        Assert.Equal(HandshakeOutcome.NotAuthentic, tunnel.B.Receive(damaged, tunnel.Now));
        Assert.Equal(HandshakeOutcome.Answered, tunnel.B.Receive(genuine, tunnel.Now));
    }

    [Theory]
    [InlineData(12)]
    [InlineData(44)]
    [InlineData(59)]
    public void Response_DamagedByOneWhoKnowsThePublicKey_IsNotAuthentic(int position)
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        tunnel.B.Receive(tunnel.A.Outbox.Dequeue(), tunnel.Now);
        var genuine = tunnel.B.Outbox.Dequeue();
        byte[] damaged = [.. genuine];
        damaged[position] ^= 0x40;
        new Meshover.WireGuard.Noise.CookieGenerator(tunnel.A.PublicKey, 1).AddMacs(damaged, tunnel.Now);

        Assert.Equal(HandshakeOutcome.NotAuthentic, tunnel.A.Receive(damaged, tunnel.Now));
        Assert.Equal(HandshakeOutcome.Completed, tunnel.A.Receive(genuine, tunnel.Now));
    }

    [Fact]
    public void AnyMessage_OfAnyOtherLength_IsMalformed()
    {
        using var tunnel = new Tunnel();
        tunnel.ToB.RequestHandshake(tunnel.Now);
        var initiation = tunnel.A.Outbox.Dequeue();
        foreach (var type in (byte[])[0, 1, 2, 3, 4, 5, 255])
        {
            for (var length = 0; length <= 200; length++)
            {
                if ((type, length) is (1, 148) or (2, 92) or (3, 64))
                    continue;
                byte[] message = [.. initiation, .. initiation];
                message[0] = type;
                Assert.Equal(HandshakeOutcome.Malformed, tunnel.B.Receive(message[..length], tunnel.Now));
            }
        }
    }

    [Fact]
    public void Transport_AnyBitFlippedOrCutAnywhere_IsRefusedAndTheGenuineOneIsTaken()
    {
        using var tunnel = new Tunnel().Connect();
        var genuine = tunnel.Seal(tunnel.ToB, [.. "a packet"u8])!;
        for (var bit = 0; bit < genuine.Length * 8; bit++)
            Assert.Null(tunnel.Open(tunnel.B, Flip(genuine, bit)));
        for (var length = 0; length < genuine.Length; length++)
            Assert.Null(tunnel.Open(tunnel.B, genuine[..length]));

        Assert.Equal<byte[]>([.. "a packet"u8], tunnel.Open(tunnel.B, genuine)!);
    }

    [Fact]
    public void Transport_ForgedCounterFarAhead_DoesNotMoveTheWindow()
    {
        using var tunnel = new Tunnel().Connect();
        var genuine = tunnel.Seal(tunnel.ToB, [1])!;
        byte[] forged = [.. genuine];
        forged[14] = 0x10;

        Assert.Null(tunnel.Open(tunnel.B, forged));
        Assert.NotNull(tunnel.Open(tunnel.B, genuine));
    }

    private static void AssertRefused(Engine engine, byte[] genuine, int bits, long now)
    {
        for (var bit = 0; bit < bits; bit++)
        {
            var outcome = engine.Receive(Flip(genuine, bit), now);
            Assert.True(
                outcome is HandshakeOutcome.Malformed or HandshakeOutcome.WrongMac or HandshakeOutcome.UnknownIndex,
                $"bit {bit}: {outcome}");
        }
    }

    private static byte[] Flip(byte[] message, int bit)
    {
        byte[] damaged = [.. message];
        damaged[bit / 8] ^= (byte)(1 << (bit % 8));
        return damaged;
    }
}
