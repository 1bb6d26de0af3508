using System.Net;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed unsafe class SendBatchTests : IDisposable
{
    private static readonly byte[] Packet = TestPackets.UdpPacket(v6: false, new byte[100]);

    private readonly List<BatchEnd> _ends = [];

    [Fact]
    public void TryBegin_KeyOlderThanRejectAfterTime_SaysNo()
    {
        var (a, b) = Connect();

        Assert.False(a.Send(BatchEnd.Now + 180_000, Packet));
        Assert.True(a.Send(BatchEnd.Now + 179_999, Packet));
        Assert.Single(b.Received());
    }

    [Fact]
    public void TryCommit_KeyIsUsedUp_SendsWhatItCouldAndSaysNo()
    {
        var (a, b) = Connect(new ProtocolTimes { RejectAfterMessages = 2 });

        Assert.False(a.Send(BatchEnd.Now, Packet, Packet, Packet));

        Assert.Equal(2, b.Received().Count);
    }

    [Fact]
    public void Flush_PacketsOfSeveralSizes_ArriveInTheirOrder()
    {
        var (a, b) = Connect();
        byte[][] packets = [.. new[] { 500, 500, 500, 20, 500, 1000, 1000, 1, 1 }.Select(size => TestPackets.UdpPacket(v6: false, new byte[size]))];

        a.Send(BatchEnd.Now, packets);
        b.Take([.. b.Received().Select(datagram => datagram.Bytes)]);

        Assert.Equal(packets.Select(packet => packet.Length), b.Main.Packets.Select(packet => packet.Length));
    }

    [Fact]
    public void Flush_PeerWhosePlaceIsUnknown_CountsWhatIsLost()
    {
        var (a, _) = Connect();
        a.Peer.Endpoint = null;

        a.Send(BatchEnd.Now, Packet, Packet);

        Assert.Equal(2, a.Drops[DropReason.NoEndpoint]);
    }

    [Fact]
    public void Flush_PinnedSourceIsGone_IsSentWithoutItAndSegmentedAsBefore()
    {
        var (a, b) = Connect();
        var raw = new byte[UdpAddress.RawLength];
        new ReadOnlySpan<byte>(a.Peer.Endpoint!.Pointer, UdpAddress.MaxLength).CopyTo(raw);
        IPAddress.Parse("192.0.2.1").TryWriteBytes(raw.AsSpan(UdpAddress.MaxLength + sizeof(int)), out _);
        a.Peer.Endpoint = new UdpAddress(raw) { IsPinned = true };

        a.Send(BatchEnd.Now, Packet, Packet, Packet);

        Assert.False(a.Peer.Endpoint.IsPinned);
        Assert.Equal(0, a.Peer.NoSegmentationUntil);
        Assert.Equal(3, b.Received().Count);
        Assert.Equal(0, a.Drops[DropReason.SendFailed]);
    }

    [Fact]
    public void Flush_WayThatRefusesSegmentedSends_GoesSinglyAllTheSame()
    {
        var (a, b) = Connect();
        a.Peer.NoSegmentationUntil = BatchEnd.Now + 1;

        a.Send(BatchEnd.Now, [.. Enumerable.Repeat(Packet, 64)]);

        Assert.Equal(64, b.Received().Count);
    }

    [Fact]
    public void Flush_NoWayToThePeer_CountsEveryDatagramAndEnds()
    {
        var (a, _) = Connect();
        a.Peer.Endpoint = new UdpAddress(new IPEndPoint(IPAddress.Parse("255.255.255.255"), 9)); // EACCES without SO_BROADCAST

        a.Send(BatchEnd.Now, Packet, Packet, TestPackets.UdpPacket(v6: false, new byte[300]));

        Assert.Equal(3, a.Drops[DropReason.SendFailed]);
    }

    public void Dispose() => _ends.ForEach(end => end.Dispose());

    private (BatchEnd A, BatchEnd B) Connect(ProtocolTimes? timesOfA = null)
    {
        var (a, b) = BatchEnd.Connect(timesOfA);
        _ends.AddRange([a, b]);
        return (a, b);
    }
}
