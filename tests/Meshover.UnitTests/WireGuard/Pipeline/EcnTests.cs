using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>Through WireGuard and GRE, on real sockets: marks go in, and what may be marked is said outside (RFC 6040).</summary>
public sealed unsafe class EcnTests : IDisposable
{
    private const int NotCapable = 0, Capable1 = 1, Capable0 = 2, Marked = 3;

    private static readonly IPAddress TunnelOfA = IPAddress.Parse("198.18.0.1");
    private static readonly IPAddress TunnelOfB = IPAddress.Parse("198.18.0.2");

    private readonly BatchEnd _a;
    private readonly BatchEnd _b;
    private readonly RecordingSink _link = new(largeUdp: true);

    public EcnTests()
    {
        (_a, _b) = BatchEnd.Connect();
        _b.Peer.Link = new PeerLink(_link, new GreHeader(TunnelOfB, TunnelOfA));
    }

    public static MatrixTheoryData<bool, bool, int> Marks { get; } = new([false, true], [false, true], [NotCapable, Capable1, Capable0, Marked]);

    [Theory, MemberData(nameof(Marks))]
    public void Take_MarkedDatagram_MarksThePacketOrDropsIt(bool v6, bool gre, int inner)
    {
        var sink = gre ? _link : _b.Main;
        var packet = Packet(v6, inner);
        _a.Send(BatchEnd.Now, gre ? Wrap(packet) : packet);

        _b.Take(BatchEnd.Now, isMarked: true, [.. _b.Received().Select(datagram => datagram.Bytes)]);

        if (inner == NotCapable)
        {
            Assert.Empty(sink.Frames);
            Assert.Equal(1, _b.Drops[DropReason.CongestionMark]);
            return;
        }
        Assert.Equal(Packet(v6, Marked), sink.Packets.Single());
        Assert.True(TestPackets.IsValid(sink.Packets.Single()));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Take_MarkedGreHeader_MarksTheInnerPacket(bool v6)
    {
        var wrapped = Wrap(Packet(v6, Capable0));
        wrapped[1] |= Marked;
        FixHeader(wrapped);
        _a.Send(BatchEnd.Now, wrapped);

        _b.Take([.. _b.Received().Select(datagram => datagram.Bytes)]);

        Assert.Equal(Packet(v6, Marked), _link.Packets.Single());
    }

    [Theory]
    [InlineData(NotCapable, NotCapable)]
    [InlineData(Capable0, Capable0)]
    [InlineData(Capable1, Capable1)]
    [InlineData(Marked, Capable0)]
    public void Write_GreHeader_SaysWhatTheInnerPacketCanTake(int inner, int outer)
    {
        foreach (var v6 in new[] { false, true })
        {
            var wrapped = Wrap(Packet(v6, inner));
            Assert.Equal(outer, wrapped[1]);
            Assert.Equal(0xffff, TestPackets.Ones(wrapped.AsSpan(0, 20)));
        }
    }

    [Fact]
    public void Add_DatagramsOfSeveralMarks_ArriveEachWithItsOwn()
    {
        using var runs = new SendRuns(64, _a.Drops);
        var datagrams = new byte[6 * 100];
        fixed (byte* start = datagrams)
        {
            for (var i = 0; i < 6; i++)
                runs.Add(start + (i * 100), 100, trafficClass: i is 2 or 3 ? Marked : i == 4 ? Capable0 : NotCapable);
            runs.Send(_a.Peer, _a.Socket, _a.Peer.Endpoint!, BatchEnd.Now);
        }

        Assert.Equal([0, 0, Marked, Marked, Capable0, 0], _b.ReceivedByControl().Select(datagram => (int)datagram.TrafficClass));
    }

    [Fact]
    public void Flush_PacketThatMayBeMarked_GoesInADatagramThatMayBe()
    {
        Assert.Equal(0, OuterOf(Packet(v6: false, NotCapable)));
        Assert.Equal(Capable0, OuterOf(Packet(v6: false, Capable0)));
        Assert.Equal(Capable0, OuterOf(Packet(v6: true, Marked)));
        Assert.Equal(Capable1, OuterOf(Packet(v6: true, Capable1)));
    }

    /// <summary>What keeps the mesh together is network control on each header; what goes through the mesh never is, whatever it says of itself.</summary>
    [Theory]
    [InlineData("fe80::1", 0xc0, 0xc0)]
    [InlineData("fe80::1", 0xc2, 0xc2)]
    [InlineData("fe80::1", 0xb8, 0)]
    [InlineData("fe80::1", 0, 0)]
    [InlineData("febf::1", 0xc0, 0xc0)]
    [InlineData("fec0::1", 0xc0, 0)]
    [InlineData("fd64:1::2", 0xc0, 0)]
    [InlineData("10.64.1.2", 0xc0, 0)]
    [InlineData("10.64.1.2", 0xc1, 1)]
    public void Flush_PacketOfALink_IsControlOutsideIfItComesFromTheLinkAndSaysSo(string source, int trafficClass, int outer)
    {
        var wrapped = Wrap(Classed(IPAddress.Parse(source), trafficClass));

        Assert.Equal(outer, wrapped[1]);
        Assert.Equal(0xffff, TestPackets.Ones(wrapped.AsSpan(0, 20)));
        _a.Peer.Link = new PeerLink(_link, new GreHeader(TunnelOfA, TunnelOfB));
        Assert.Equal(outer, OuterOf(wrapped));
    }

    /// <summary>Nor GRE that somebody else made: from an address that is not ours, or to another peer.</summary>
    [Theory]
    [InlineData(17, "198.18.0.1", "198.18.0.2")]
    [InlineData(47, "10.64.1.2", "198.18.0.2")]
    [InlineData(47, "198.18.0.1", "198.18.0.3")]
    public void Flush_PacketThatIsNoLinks_IsNeverControl(byte protocol, string source, string destination)
    {
        _a.Peer.Link = new PeerLink(_link, new GreHeader(TunnelOfA, TunnelOfB));
        var packet = Classed(IPAddress.Parse(source), 0xc0);
        packet[9] = protocol;
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 16);
        FixHeader(packet);
        Assert.Equal(0, OuterOf(packet));
    }

    [Fact]
    public void TrySend_HandshakeMessage_GoesAsAf41()
    {
        var message = stackalloc byte[148];

        Assert.True(_a.Socket.TrySend(_a.Peer.Endpoint!, message, 148));

        Assert.Equal(0x88, _b.ReceivedByControl().Single().TrafficClass);
    }

    [Fact]
    public void TryAnswer_Cookie_GoesUnmarked()
    {
        var source = new byte[UdpAddress.RawLength];
        new ReadOnlySpan<byte>(_a.Peer.Endpoint!.Pointer, UdpAddress.MaxLength).CopyTo(source);
        var message = stackalloc byte[64];

        fixed (byte* raw = source)
            Assert.True(_a.Socket.TryAnswer(raw, message, 64));

        Assert.Equal(0, _b.ReceivedByControl().Single().TrafficClass);
    }

    public void Dispose()
    {
        _a.Peer.Link?.Gre.Dispose();
        _b.Peer.Link!.Gre.Dispose();
        _a.Dispose();
        _b.Dispose();
    }

    private int OuterOf(byte[] packet)
    {
        _a.Send(BatchEnd.Now, packet);
        return _b.Received().Single().TrafficClass;
    }

    private static byte[] Packet(bool v6, int ecn)
    {
        var packet = TestPackets.UdpPacket(v6, new byte[100]);
        packet[1] |= (byte)(v6 ? ecn << 4 : ecn);
        if (!v6)
            FixHeader(packet);
        return packet;
    }

    private static byte[] Classed(IPAddress source, int trafficClass)
    {
        var v6 = source.AddressFamily == AddressFamily.InterNetworkV6;
        var packet = Packet(v6, NotCapable);
        source.GetAddressBytes().CopyTo(packet, v6 ? 8 : 12);
        if (v6)
            (packet[0], packet[1]) = ((byte)(0x60 | (trafficClass >> 4)), (byte)((trafficClass << 4) & 0xf0));
        else
            packet[1] = (byte)trafficClass;
        if (!v6)
            FixHeader(packet);
        return packet;
    }

    private static void FixHeader(byte[] packet)
    {
        packet.AsSpan(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)~TestPackets.Ones(packet.AsSpan(0, 20)));
    }

    private static byte[] Wrap(byte[] inner)
    {
        using var header = new GreHeader(TunnelOfA, TunnelOfB);
        var packet = (byte[])[.. new byte[GreHeader.Length], .. inner];
        fixed (byte* start = packet)
            header.Write(start, inner.Length);
        return packet;
    }
}
