using System.Net;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed unsafe class GreHeaderTests
{
    private static readonly IPAddress Local = IPAddress.Parse("198.18.0.1");
    private static readonly IPAddress Remote = IPAddress.Parse("198.18.0.2");

    [Fact]
    public void Write_PacketOfIpv4_IsAsOfLinuxsGreDeviceButForTheIdentification()
    {
        // ip link add g type gre local 198.18.0.1 remote 198.18.0.2 ttl 64; a packet of 29 bytes. Linux counts the identification, ours is 0.
        var expected = Convert.FromHexString("4500003500004000402fae72c6120001c612000200000800");
        Assert.Equal(expected, Wrap(TestPackets.UdpPacket(v6: false, [1]))[..GreHeader.Length]);
    }

    [Fact]
    public void Write_PacketOfIpv6_SaysSo() =>
        Assert.Equal([0, 0, 0x86, 0xdd], Wrap(TestPackets.UdpPacket(v6: true, [1]))[20..24]);

    [Theory, InlineData(false), InlineData(true)]
    public void InnerLength_OfWhatWasWritten_IsTheInnerPackets(bool v6)
    {
        var inner = TestPackets.UdpPacket(v6, new byte[33]);
        Assert.Equal(inner.Length, InnerLength(Wrap(inner)));
    }

    [Fact]
    public void InnerLength_PaddingBehindTheInnerPacket_IsNotCounted()
    {
        var inner = TestPackets.UdpPacket(v6: false, new byte[33]);
        Assert.Equal(inner.Length, InnerLength([.. Wrap(inner), 0, 0, 0]));
    }

    public static TheoryData<string, int, byte> Faults => new()
    {
        { "IPv4 options", 0, 0x46 ^ 0x45 },
        { "a fragment", 6, 0x20 },
        { "a fragment's offset", 7, 1 },
        { "a wrong header checksum", 10, 1 },
        { "a GRE checksum", 20, 0x80 },
        { "a GRE key", 20, 0x20 },
        { "GRE version 1", 21, 1 },
        { "an ethertype that is not the packet's", 22, 0x86 ^ 0x08 },
        { "an unknown ethertype", 23, 6 },
        { "an inner version that is not the ethertype's", 24, 0x20 },
        { "an inner length beyond the packet", 26, 1 },
    };

    [Theory, MemberData(nameof(Faults))]
    public void InnerLength_PacketThatIsNotAsItMustBe_IsNothing(string what, int offset, byte bits)
    {
        var packet = Wrap(TestPackets.UdpPacket(v6: false, new byte[33]));
        packet[offset] ^= bits;
        Assert.True(InnerLength(packet) == 0, what);
    }

    [Fact]
    public void InnerLength_TruncatedAnywhere_IsNothing()
    {
        var packet = Wrap(TestPackets.UdpPacket(v6: true, new byte[33]));
        for (var length = 24; length < packet.Length; length++)
            Assert.Equal(0, InnerLength(packet[..length]));
    }

    [Fact]
    public void IsOurs_OnlyFromThePeersTunnelAddressToOurs()
    {
        var theirs = Wrap(TestPackets.UdpPacket(v6: false, [1]), Remote, Local);
        var ours = Wrap(TestPackets.UdpPacket(v6: false, [1]));
        var fromAnother = Wrap(TestPackets.UdpPacket(v6: false, [1]), IPAddress.Parse("198.18.0.3"), Local);
        var toAnother = Wrap(TestPackets.UdpPacket(v6: false, [1]), Remote, IPAddress.Parse("198.18.0.3"));

        Assert.Equal([true, false, false, false], new[] { theirs, ours, fromAnother, toAnother }.Select(IsOurs));
        theirs[9] = 17;
        Assert.False(IsOurs(theirs));
    }

    private static byte[] Wrap(byte[] inner, IPAddress? from = null, IPAddress? to = null)
    {
        using var header = new GreHeader(from ?? Local, to ?? Remote);
        var packet = (byte[])[.. new byte[GreHeader.Length], .. inner];
        fixed (byte* start = packet)
            header.Write(start, inner.Length);
        return packet;
    }

    private static int InnerLength(byte[] packet)
    {
        fixed (byte* start = packet)
            return GreHeader.InnerLength(start, packet.Length);
    }

    private static bool IsOurs(byte[] packet)
    {
        using var header = new GreHeader(Local, Remote);
        fixed (byte* start = packet)
            return header.IsOurs(start);
    }
}
