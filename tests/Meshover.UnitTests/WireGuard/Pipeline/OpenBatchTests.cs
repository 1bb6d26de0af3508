using System.Buffers.Binary;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class OpenBatchTests : IDisposable
{
    private static readonly byte[] Packet = TestPackets.UdpPacket(v6: false, new byte[100]);

    private readonly List<BatchEnd> _ends = [];

    [Fact]
    public void Take_PacketsOfASession_ReachTheDevice()
    {
        var (a, b) = Connect();
        byte[][] packets = [.. new[] { 10, 20, 30 }.Select(size => TestPackets.UdpPacket(v6: false, new byte[size]))]; // none joins a shorter one
        a.Send(BatchEnd.Now, packets);

        b.Take(Bytes(b));

        Assert.Equal(packets, b.Main.Packets);
        Assert.True(b.Peer.ReceivedBytes > packets.Sum(packet => packet.Length));
    }

    [Fact]
    public void Take_KeyOlderThanRejectAfterTime_IsDropped()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Packet);
        var datagrams = Bytes(b);

        b.Take(BatchEnd.Now + 180_000, isMarked: false, datagrams);
        Assert.Empty(b.Main.Frames);
        Assert.Equal(1, b.Drops[DropReason.ExpiredKey]);

        b.Take(BatchEnd.Now + 179_999, isMarked: false, datagrams);
        Assert.Single(b.Main.Frames);
    }

    [Fact]
    public void Take_CounterBeyondRejectAfterMessages_IsDropped()
    {
        var (a, b) = Connect(timesOfB: new ProtocolTimes { RejectAfterMessages = 3 });
        a.Send(BatchEnd.Now, Packet, Packet, Packet, Packet);

        b.Take(Bytes(b));

        Assert.Equal(3, b.Main.Packets.Count);
        Assert.Equal(1, b.Drops[DropReason.UsedUpKey]);
    }

    [Fact]
    public void Take_Again_IsDroppedAsReplayed()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Packet);
        var datagrams = Bytes(b);
        b.Take([.. datagrams.Select(datagram => datagram.ToArray())]);

        b.Take(datagrams);

        Assert.Single(b.Main.Frames);
        Assert.Equal(1, b.Drops[DropReason.Replayed]);
    }

    [Fact]
    public void Take_ForgedCounter_DoesNotMoveTheWindow()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Packet);
        var genuine = Bytes(b).Single();
        var forged = genuine.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(forged.AsSpan(8), 1UL << 40);

        b.Take(forged);
        b.Take(genuine);

        Assert.Equal(1, b.Drops[DropReason.NotAuthentic]);
        Assert.Single(b.Main.Frames);
    }

    [Fact]
    public void Take_FirstPacketOfASession_ConfirmsItOnce()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Packet, Packet);

        b.Take(Bytes(b));

        Assert.Equal(1, Signals(b).Count(signal => signal.Confirmed is not null));
    }

    [Fact]
    public void Take_FromAnotherPlace_MovesThePeerOnlyIfAuthentic()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Packet, Packet);
        var datagrams = Bytes(b);
        b.Take(datagrams[0]);
        var before = b.Peer.Endpoint!.ToEndPoint();
        b.MoveSource();

        var forged = datagrams[1].ToArray();
        forged[^1] ^= 1;
        b.Take(forged);
        Assert.Equal(before, b.Peer.Endpoint!.ToEndPoint());

        b.Take(datagrams[1]);
        Assert.NotEqual(before, b.Peer.Endpoint!.ToEndPoint());
    }

    [Fact]
    public void Take_SourceThatThePeerMayNotHave_IsDropped()
    {
        var (a, b) = Connect();
        b.State.Routes = new AllowedIpTrie<Peer>();
        a.Send(BatchEnd.Now, Packet);

        b.Take(Bytes(b));

        Assert.Empty(b.Main.Frames);
        Assert.Equal(1, b.Drops[DropReason.SourceNotAllowed]);
    }

    [Fact]
    public void Take_IndexThatNobodyHas_IsDropped()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Packet);
        var datagram = Bytes(b).Single();
        datagram[5] ^= 0x55;

        b.Take(datagram);

        Assert.Equal(1, b.Drops[DropReason.UnknownIndex]);
    }

    [Fact]
    public void Take_Keepalive_CountsButIsNotDelivered()
    {
        var (a, b) = Connect();
        a.Send(BatchEnd.Now, Array.Empty<byte>());

        b.Take(Bytes(b));

        Assert.Empty(b.Main.Frames);
        Assert.Equal(TransportMessage.Overhead, b.Peer.ReceivedBytes);
    }

    public void Dispose() => _ends.ForEach(end => end.Dispose());

    private (BatchEnd A, BatchEnd B) Connect(ProtocolTimes? timesOfB = null)
    {
        var (a, b) = BatchEnd.Connect(timesOfB: timesOfB);
        _ends.AddRange([a, b]);
        return (a, b);
    }

    private static byte[][] Bytes(BatchEnd end) => [.. end.Received().Select(datagram => datagram.Bytes)];

    private static List<PeerSignal> Signals(BatchEnd end)
    {
        var signals = new List<PeerSignal>();
        while (end.State.Inbox.TryTake(out var signal))
            signals.Add(signal);
        return signals;
    }
}
