using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed unsafe class FrameRingTests : IDisposable
{
    private readonly FrameRing _ring = new();
    private readonly Peer _peer = Peer.Create(new Session.Engine(1).Manager, new WireGuardKey([.. Enumerable.Repeat((byte)9, 32)]), worker: 0);

    [Fact]
    public void TryAdd_RandomSizesManyTimesAround_EveryFrameComesOutWholeAndInOrder()
    {
        var random = new SeededEntropy(7);
        int Next(int below)
        {
            var bytes = new byte[4];
            random.Fill(bytes);
            return (int)(BitConverter.ToUInt32(bytes) % (uint)below);
        }
        var waiting = new Queue<byte[]>();
        for (var i = 0; i < 5_000; i++)
        {
            var frame = new byte[1 + Next(65_545)];
            random.Fill(frame);
            while (!_ring.TryAdd(_peer, frame))
                AssertNext(waiting.Dequeue());
            waiting.Enqueue(frame);
            if (Next(2) == 0)
                AssertNext(waiting.Dequeue());
        }
        while (waiting.TryDequeue(out var frame))
            AssertNext(frame);
        Assert.Equal(0, _ring.Count);
    }

    [Fact]
    public void TryAdd_MoreFramesThanPlaces_IsRefusedUntilOneIsTaken()
    {
        for (var i = 0; i < FrameRing.Places; i++)
            Assert.True(_ring.TryAdd(_peer, [1]));
        Assert.False(_ring.TryAdd(_peer, [1]));

        _ring.Remove();

        Assert.True(_ring.TryAdd(_peer, [1]));
    }

    [Fact]
    public void TryAdd_MoreBytesThanFit_IsRefused()
    {
        var largest = new byte[65_546];
        var count = 0;
        while (_ring.TryAdd(_peer, largest))
            count++;

        Assert.InRange(count, 16, 64);
    }

    [Fact]
    public void TryPeek_Frame_HasItsPacketOnA16ByteBoundary()
    {
        _ring.TryAdd(_peer, new byte[33]);
        _ring.TryAdd(_peer, new byte[50]);
        _ring.Remove();

        Assert.True(_ring.TryPeek(out _, out var frame, out _));
        Assert.Equal(0, (nint)(frame + VnetHeader.Size) % 16);
    }

    public void Dispose() => _ring.Dispose();

    private void AssertNext(byte[] expected)
    {
        Assert.True(_ring.TryPeek(out var peer, out var frame, out var length));
        Assert.Same(_peer, peer);
        Assert.True(new ReadOnlySpan<byte>(frame, length).SequenceEqual(expected));
        _ring.Remove();
    }
}
