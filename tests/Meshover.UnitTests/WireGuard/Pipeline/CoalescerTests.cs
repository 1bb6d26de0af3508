using System.Buffers.Binary;
using CsCheck;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class CoalescerTests
{
    private const byte Push = 8, Ack = 16, Urgent = 32;

    public static TheoryData<bool, bool> Kinds => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory, MemberData(nameof(Kinds))]
    public void Coalesce_WhatWasSegmented_GivesItBack(bool v6, bool udp) =>
        Gen.Select(Gen.Byte.Array[1, 30_000], Gen.Int[600, 1400]).Sample((payload, size) =>
        {
            var large = SegmenterTests.Large(v6, udp, payload);
            var sink = PipelineRig.Coalesce(PipelineRig.Segment(SegmenterTests.Gso(v6, udp, size), large));

            var (header, packet) = Assert.Single(sink.Frames);
            Assert.Equal(payload, packet[SegmenterTests.HeaderLength(v6, udp)..]);
            Assert.Equal(large.Length > size + SegmenterTests.HeaderLength(v6, udp) ? size : 0, header.GsoSize);
        }, iter: 200);

    [Theory, MemberData(nameof(Kinds))]
    public void Coalesce_ThenCutAgain_GivesTheSamePackets(bool v6, bool udp) =>
        Gen.Select(Gen.Byte.Array[1, 30_000], Gen.Int[600, 1400]).Sample((payload, size) =>
        {
            var packets = PipelineRig.Segment(SegmenterTests.Gso(v6, udp, size), SegmenterTests.Large(v6, udp, payload));
            Assert.Equal(packets, PipelineRig.Coalesce(packets).Packets);
        }, iter: 200);

    [Fact]
    public void Coalesce_AnyMixtureOfFlows_LosesAndReordersNothing() =>
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 60].Sample(choices =>
        {
            var sequences = new uint[3];
            var packets = choices.Select(one => Mixed(one.Item1, one.Item2, one.Item3, one.Item4, one.Item5, sequences)).ToList();

            Assert.Equal(packets, PipelineRig.Coalesce(packets).Packets.Select(WithoutIdentification(packets)));
        }, iter: 300);

    public static TheoryData<string, byte[]> Strangers => new()
    {
        { "another flow", TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1100, sourcePort: 40001) },
        { "a gap", TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1101) },
        { "a repetition", TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1000) },
        { "another acknowledgement", TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1100, acknowledgement: 8) },
        { "another window", TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1100, window: 513) },
        { "urgent data", TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1100, flags: Ack | Urgent) },
        { "a longer payload", TestPackets.TcpPacket(v6: false, new byte[101], sequence: 1100) },
        { "no payload", TestPackets.TcpPacket(v6: false, [], sequence: 1100) },
        { "the other family", TestPackets.TcpPacket(v6: true, new byte[100], sequence: 1100) },
        { "another protocol", TestPackets.UdpPacket(v6: false, new byte[100]) },
        { "a damaged payload", Changed(^1, 1) },
        { "a damaged header", Changed(8, 1) },
        { "other options", Changed(45, 1) },
        { "a fragment", Changed(6, 0x20) },
    };

    [Theory, MemberData(nameof(Strangers))]
    public void Coalesce_PacketThatDoesNotFollow_StaysByItself(string what, byte[] stranger)
    {
        var first = TestPackets.TcpPacket(v6: false, new byte[100]);

        var frames = PipelineRig.Coalesce([first, stranger]).Frames;

        Assert.True(frames.Count == 2, what);
        Assert.Equal(first, frames[0].Packet);
        Assert.Equal(stranger, frames[1].Packet);
        Assert.All(frames, frame => Assert.Equal(0, frame.Header.GsoSize));
    }

    [Fact]
    public void Coalesce_AfterPush_BeginsAnew()
    {
        var frames = PipelineRig.Coalesce([
            TestPackets.TcpPacket(v6: false, new byte[100], 1000),
            TestPackets.TcpPacket(v6: false, new byte[100], 1100, flags: Ack | Push),
            TestPackets.TcpPacket(v6: false, new byte[100], 1200),
        ]).Frames;

        Assert.Equal([252, 152], frames.Select(frame => frame.Packet.Length));
        Assert.Equal(Ack | Push, frames[0].Packet[33]);
    }

    [Fact]
    public void Coalesce_AfterAShorterOne_BeginsAnew()
    {
        var frames = PipelineRig.Coalesce([
            TestPackets.UdpPacket(v6: true, new byte[100]),
            TestPackets.UdpPacket(v6: true, new byte[90]),
            TestPackets.UdpPacket(v6: true, new byte[90]),
        ]).Frames;

        Assert.Equal([48 + 190, 48 + 90], frames.Select(frame => frame.Packet.Length));
    }

    [Fact]
    public void Coalesce_MoreThan64UdpDatagrams_BeginsAnew()
    {
        var frames = PipelineRig.Coalesce([.. Enumerable.Repeat(TestPackets.UdpPacket(v6: false, new byte[10]), 65)]).Frames;

        Assert.Equal([28 + 640, 28 + 10], frames.Select(frame => frame.Packet.Length));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 2)]
    [InlineData(2, 2)]
    public void Coalesce_PacketsThatMayBeFragmented_OnlyIfTheirIdentificationCounts(int step, int frames)
    {
        var packets = Enumerable.Range(0, 2).Select(i => Fragmentable(unchecked((ushort)(0xffff + (i * step))))).ToList();

        var sink = PipelineRig.Coalesce(packets);

        Assert.Equal(frames, sink.Frames.Count);
        Assert.Equal(packets, sink.Packets);
    }

    [Fact]
    public void Coalesce_DeviceWithoutLargeUdp_KeepsDatagramsApart()
    {
        var datagram = TestPackets.UdpPacket(v6: false, new byte[100]);
        Assert.Equal(2, PipelineRig.Coalesce([datagram, datagram], largeUdp: false).Frames.Count);
    }

    [Fact]
    public void Coalesce_UpToTheLimitOf64KiB_NeverBeyond()
    {
        var sequences = Enumerable.Range(0, 100).Select(i => (uint)(1000 + (i * 1300)));
        var packets = sequences.Select(sequence => TestPackets.TcpPacket(v6: false, new byte[1300], sequence)).ToList();

        var sink = PipelineRig.Coalesce(packets);

        Assert.All(sink.Frames, frame => Assert.InRange(frame.Packet.Length, 1, 65_535));
        Assert.Equal(2, sink.Frames.Count);
    }

    private static byte[] Fragmentable(ushort identification)
    {
        var packet = TestPackets.UdpPacket(v6: false, new byte[100]);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), identification);
        packet[6] = 0;
        packet.AsSpan(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)~TestPackets.Ones(packet.AsSpan(0, 20)));
        return packet;
    }

    private static byte[] Changed(Index index, byte bits)
    {
        var packet = TestPackets.TcpPacket(v6: false, new byte[100], sequence: 1100);
        packet[index] ^= bits;
        return packet;
    }

    private static byte[] Mixed(bool v6, bool udp, int flow, int size, int oddity, uint[] sequences)
    {
        var payload = Enumerable.Repeat((byte)flow, 50 + (size * 50)).ToArray();
        var port = (ushort)(40000 + flow);
        if (udp)
            return TestPackets.UdpPacket(v6, payload, port);
        var sequence = sequences[flow];
        sequences[flow] += (uint)payload.Length + (oddity == 0 ? 1u : 0);
        return TestPackets.TcpPacket(v6, payload, sequence, oddity == 1 ? (byte)(Ack | Push) : Ack, sourcePort: port);
    }

    // A joined packet has one identification, and its pieces count on from it: with DF, where it means nothing, originals may differ there.
    private static Func<byte[], int, byte[]> WithoutIdentification(List<byte[]> originals) => (packet, i) =>
    {
        if (i >= originals.Count || TestPackets.IsV6(packet) || (packet[6] & 0x40) == 0)
            return packet;
        originals[i][4..6].CopyTo(packet, 4);
        originals[i][10..12].CopyTo(packet, 10);
        return packet;
    };
}
