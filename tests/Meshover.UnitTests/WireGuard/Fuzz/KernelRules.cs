using System.Buffers.Binary;
using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>What Linux asks of a frame that is written to a TUN device (virtio_net_hdr_to_skb, __udp_gso_segment, tcp_gso_segment).</summary>
internal static class KernelRules
{
    private const int MaxUdpSegments = 64;

    public static void AssertTaken(VnetHeader vnet, byte[] packet)
    {
        Assert.InRange(packet.Length, 20, 65_535);
        if (vnet.GsoType == VnetHeader.GsoNone)
        {
            Assert.Equal(default, vnet);
            return;
        }
        var isV6 = TestPackets.IsV6(packet);
        var isUdp = vnet.GsoType == VnetHeader.GsoUdpL4;
        Assert.Equal(isUdp ? VnetHeader.GsoUdpL4 : isV6 ? VnetHeader.GsoTcp6 : VnetHeader.GsoTcp4, vnet.GsoType);
        Assert.Equal(VnetHeader.NeedsChecksum, vnet.Flags);
        Assert.Equal(isV6 ? 40 : 20, vnet.ChecksumStart);
        Assert.Equal(isUdp ? 6 : 16, vnet.ChecksumOffset);
        var headers = vnet.ChecksumStart + (isUdp ? 8 : packet[vnet.ChecksumStart + 12] / 16 * 4);
        Assert.Equal(headers, vnet.HeaderLength);
        Assert.InRange(vnet.GsoSize, 1, packet.Length - headers - 1);
        AssertHeaders(vnet, packet, isV6, isUdp);
        if (isUdp)
            Assert.InRange((packet.Length - headers + vnet.GsoSize - 1) / vnet.GsoSize, 2, MaxUdpSegments);
    }

    private static void AssertHeaders(VnetHeader vnet, byte[] packet, bool isV6, bool isUdp)
    {
        var transport = packet.AsSpan(vnet.ChecksumStart);
        var length = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(isV6 ? 4 : 2));
        Assert.Equal(packet.Length, length + (isV6 ? 40 : 0));
        Assert.True(isV6 || TestPackets.Ones(packet.AsSpan(0, 20)) == 0xffff, "the IPv4 header's checksum is wrong");
        if (isUdp)
            Assert.Equal(transport.Length, BinaryPrimitives.ReadUInt16BigEndian(transport[4..]));
        var pseudo = TestPackets.Ones(TestPackets.Pseudo(packet, isUdp ? TestPackets.Udp : TestPackets.Tcp, transport.Length));
        Assert.Equal(pseudo, BinaryPrimitives.ReadUInt16BigEndian(transport[vnet.ChecksumOffset..]));
    }
}
