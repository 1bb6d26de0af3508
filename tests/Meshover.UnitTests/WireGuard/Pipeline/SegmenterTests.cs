using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CsCheck;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class SegmenterTests
{
    private const byte Fin = 1, Push = 8, Ack = 16, Cwr = 128;

    public static TheoryData<bool, bool> Kinds => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory, MemberData(nameof(Kinds))]
    public void Segment_LargePacket_GivesValidPacketsWithItsPayload(bool v6, bool udp) =>
        Gen.Select(Gen.Byte.Array[1, 20_000], Gen.Int[100, 1400]).Sample((payload, size) =>
        {
            var packets = PipelineRig.Segment(Gso(v6, udp, size), Large(v6, udp, payload));

            Assert.All(packets, packet => Assert.True(TestPackets.IsValid(packet)));
            Assert.Equal(payload, packets.SelectMany(packet => packet[HeaderLength(v6, udp)..]).ToArray());
            Assert.All(packets.SkipLast(1), packet => Assert.Equal(size, packet.Length - HeaderLength(v6, udp)));
        }, iter: 200);

    [Fact]
    public void Segment_Tcp_CountsSequenceAndIdentificationOn()
    {
        var packets = PipelineRig.Segment(Gso(v6: false, udp: false, 1000), Large(v6: false, udp: false, new byte[2500]));

        Assert.Equal([1000u, 2000u, 3000u], packets.Select(packet => BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(24))));
        Assert.Equal([77, 78, 79], packets.Select(packet => (int)BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(4))));
    }

    [Fact]
    public void Segment_Tcp_KeepsFinAndPushForTheLastAndCwrForTheFirst()
    {
        var packet = TestPackets.TcpPacket(v6: false, new byte[2500], flags: Fin | Push | Ack | Cwr);

        var flags = PipelineRig.Segment(Gso(v6: false, udp: false, 1000), packet).Select(segment => segment[33]);

        Assert.Equal([Ack | Cwr, Ack, Fin | Push | Ack], flags.Select(flag => (int)flag));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Segment_BehindARoutingHeader_TheChecksumsCountTheFinalDestination(bool udp)
    {
        var direct = Large(v6: true, udp, new byte[2_500]);
        var packet = Routed(direct);
        var (start, field) = (packet.Length - (direct.Length - 40), udp ? 6 : 16);
        var transport = packet.Length - start;
        var pseudo = TestPackets.Ones(TestPackets.Pseudo(direct, udp ? TestPackets.Udp : TestPackets.Tcp, transport));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(start + field), pseudo);

        var segments = PipelineRig.Segment(Gso(v6: true, udp, 1_000) with { ChecksumStart = (ushort)start }, packet);

        Assert.Equal(3, segments.Count);
        Assert.All(segments, segment => Assert.True(TestPackets.IsValid(
            [.. direct[..4], (byte)((segment.Length - start) >> 8), (byte)(segment.Length - start), .. direct[6..40], .. segment[start..]])));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Segment_ChecksumLeftToUs_CompletesIt(bool v6, bool udp)
    {
        var packet = Large(v6, udp, [1, 2, 3, 4, 5]);
        var start = v6 ? 40 : 20;
        var offset = udp ? 6 : 16;
        var sum = TestPackets.Ones(TestPackets.Pseudo(packet, udp ? 17 : 6, packet.Length - start));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(start + offset), sum);
        var header = new VnetHeader { Flags = VnetHeader.NeedsChecksum, ChecksumStart = (ushort)start, ChecksumOffset = (ushort)offset };

        Assert.True(TestPackets.IsValid(Assert.Single(PipelineRig.Segment(header, packet))));
    }

    [Fact]
    public void Segment_UdpWhoseChecksumIsZero_WritesAllOnes()
    {
        var packet = TestPackets.UdpPacket(v6: false, [0, 0]);
        // With this payload the sum is 0xffff, its complement 0, which in UDP means "none".
        var rest = (ushort)~TestPackets.Ones([.. TestPackets.Pseudo(packet, 17, 10), .. packet[20..26], 0, 0, 0, 0]);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(28), rest);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(26), TestPackets.Ones(TestPackets.Pseudo(packet, 17, 10)));
        var header = new VnetHeader { Flags = VnetHeader.NeedsChecksum, ChecksumStart = 20, ChecksumOffset = 6 };

        var whole = Assert.Single(PipelineRig.Segment(header, packet));

        Assert.Equal([0xff, 0xff], whole[26..28]);
    }

    [Fact]
    public void Segment_PlainPacket_IsLeftAlone()
    {
        var packet = TestPackets.UdpPacket(v6: true, [9, 9, 9]);
        Assert.Equal(packet, Assert.Single(PipelineRig.Segment(default, packet)));
    }

    [Theory]
    [InlineData(3, 20, 1000)] // UFO, which we never offer
    [InlineData(1, 4, 1000)] // a transport header within the IP header
    [InlineData(1, 5000, 1000)] // ... and behind the packet
    [InlineData(1, 20, 0)] // segments of nothing
    public void Segment_FrameThatCannotBe_GivesNothing(byte type, ushort start, ushort size)
    {
        var header = Gso(v6: false, udp: false, size) with { GsoType = type, ChecksumStart = start };
        Assert.Empty(PipelineRig.Segment(header, Large(v6: false, udp: false, new byte[3000])));
    }

    [Fact]
    public void Segment_TcpHeaderLongerThanThePacket_GivesNothing()
    {
        var packet = Large(v6: false, udp: false, new byte[10]);
        packet[32] = 0xf0;
        Assert.Empty(PipelineRig.Segment(Gso(v6: false, udp: false, 5), packet));
    }

    [Fact]
    public void Segment_AnyBytes_NeverReadsOrWritesBeyondThem() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Byte.Array[VnetHeader.Size]).Sample((packet, header) =>
        {
            Assert.True(PipelineRig.Segment(MemoryMarshal.Read<VnetHeader>(header), packet).Sum(segment => segment.Length) <= packet.Length * 201);
        });

    // The same on its way to the first of two stations (RFC 8754): the IP header has that one, the routing header the final destination.
    private static byte[] Routed(byte[] direct)
    {
        const int RoutingHeader = 43;
        byte[] packet = [.. direct[..40], direct[6], 2, 4, 1, 0, 0, 0, 0, .. direct[24..40], .. direct[40..]];
        packet[6] = RoutingHeader;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
        packet[39] ^= 0x55;
        return packet;
    }

    internal static VnetHeader Gso(bool v6, bool udp, int size) => new()
    {
        Flags = VnetHeader.NeedsChecksum,
        GsoType = udp ? VnetHeader.GsoUdpL4 : v6 ? VnetHeader.GsoTcp6 : VnetHeader.GsoTcp4,
        GsoSize = (ushort)size,
        ChecksumStart = (ushort)(v6 ? 40 : 20),
        ChecksumOffset = (ushort)(udp ? 6 : 16),
    };

    internal static byte[] Large(bool v6, bool udp, byte[] payload) =>
        udp ? TestPackets.UdpPacket(v6, payload) : TestPackets.TcpPacket(v6, payload);

    internal static int HeaderLength(bool v6, bool udp) => (v6 ? 40 : 20) + (udp ? 8 : 32);
}
