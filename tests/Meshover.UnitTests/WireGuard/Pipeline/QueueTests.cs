using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class QueueTests
{
    private const int Places = 64;

    [Fact]
    public void StagedPackets_MoreThanFit_LoseTheOldest()
    {
        var (staged, room) = (new StagedPackets(), new StagingRoom());
        var kept = Enumerable.Range(0, StagedPackets.Capacity + 1).Select(i => staged.Add([(byte)i, 1], room)).ToList();

        Assert.Equal(StagedPackets.Capacity, staged.Count);
        Assert.Equal([.. Enumerable.Repeat(0, StagedPackets.Capacity), 1], kept);
        Assert.Equal([1, 1], staged.First.ToArray());
        Assert.Equal(StagedPackets.Capacity, staged.Clear(room));
        Assert.Equal(0, staged.Count);
        Assert.Equal(StagingRoom.Capacity, room.Free);
    }

    [Fact]
    public void StagedPackets_OfManyPeersThatAreGone_LeaveRoomForOneThatAnswers()
    {
        var room = new StagingRoom();
        var packet = new byte[1_500];
        var gone = Enumerable.Range(0, 50).Select(_ => new StagedPackets()).ToList();
        for (var i = 0; i < 2 * StagedPackets.Capacity; i++)
            gone.ForEach(peer => peer.Add(packet, room));

        var answers = new StagedPackets();
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(0, answers.Add(packet, room)));
    }

    [Fact]
    public void StagedPackets_OfAThousandPeers_HaveTheirRoomTogether()
    {
        var room = new StagingRoom();
        var packet = new byte[1_500];
        var peers = Enumerable.Range(0, 1_000).Select(_ => new StagedPackets()).ToList();
        for (var i = 0; i < StagedPackets.Capacity; i++)
            peers.ForEach(peer => peer.Add(packet, room));

        Assert.InRange(room.Free, 0, StagingRoom.Capacity / 100);
        Assert.True(peers[0].Add(packet, room) > 0);
        peers.ForEach(peer => peer.Clear(room));
        Assert.Equal(StagingRoom.Capacity, room.Free);
    }

    [Fact]
    public void HandshakeQueue_Full_RefusesUntilOneIsTaken()
    {
        var queue = new HandshakeQueue(Places);
        var source = new byte[UdpAddress.RawLength];
        for (var i = 0; i < Places; i++)
            Assert.True(queue.TryAdd([(byte)i], source));
        Assert.False(queue.TryAdd([0], source));

        queue.Remove();

        Assert.True(queue.TryAdd([42], source));
        Assert.True(queue.TryPeek(out var oldest, out _));
        Assert.Equal([1], oldest.ToArray());
    }

    [Fact]
    public void HandshakeQueue_OfItsMessages_CountsThoseThatBeginAHandshake()
    {
        var queue = new HandshakeQueue(Places);
        var source = new byte[UdpAddress.RawLength];
        foreach (byte type in new byte[] { 2, 1, 3, 1 })
            queue.TryAdd([type, 0, 0, 0], source);
        Assert.Equal(2, queue.Initiations);

        queue.Remove();
        Assert.Equal(2, queue.Initiations);
        queue.Remove();
        Assert.Equal(1, queue.Initiations);
    }

    [Fact]
    public void HandshakeQueue_MessageLongerThanAnyHandshake_IsRefused() =>
        Assert.False(new HandshakeQueue(Places).TryAdd(new byte[HandshakeQueue.MaxMessage + 1], new byte[UdpAddress.RawLength]));

    [Fact]
    public void HandshakeQueue_ManyTimesAround_GivesEachMessageWithItsSource()
    {
        var queue = new HandshakeQueue(Places);
        for (var i = 0; i < 3 * Places; i++)
        {
            var source = Enumerable.Repeat((byte)i, UdpAddress.RawLength).ToArray();
            Assert.True(queue.TryAdd([.. BitConverter.GetBytes(i)], source));
            Assert.True(queue.TryPeek(out var message, out var from));
            Assert.Equal(i, BitConverter.ToInt32(message));
            Assert.Equal(source, from.ToArray());
            queue.Remove();
        }
        Assert.Equal(0, queue.Count);
    }
}
