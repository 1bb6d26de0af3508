using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class TransportMessageTests
{
    [Theory]
    [InlineData(0, 1420, 0)]
    [InlineData(1, 1420, 16)]
    [InlineData(16, 1420, 16)]
    [InlineData(17, 1420, 32)]
    [InlineData(1407, 1420, 1408)]
    [InlineData(1409, 1420, 1420)] // not beyond the MTU
    [InlineData(1420, 1420, 1420)]
    [InlineData(1430, 1420, 1430)] // nothing is cut off
    public void PaddedLength_IsAMultipleOf16WithinTheMtu(int length, int mtu, int padded) =>
        Assert.Equal(padded, TransportMessage.PaddedLength(length, mtu));

    [Fact]
    public void Header_IsReadAsItWasWritten()
    {
        var message = new byte[TransportMessage.Overhead];
        TransportMessage.WriteHeader(message, 0x01020304, 0x05060708090a0b0c);

        Assert.Equal("04000000040302010c0b0a0908070605", Convert.ToHexStringLower(message[..16]));
        Assert.True(TransportMessage.TryReadHeader(message, out var receiver, out var counter));
        Assert.Equal((0x01020304u, 0x05060708090a0b0cUL), (receiver, counter));
    }
}
