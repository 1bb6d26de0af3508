using System.Diagnostics;
using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>The rings without locks, with a thread at each end: what is put in comes out whole, once, in its order.</summary>
public sealed unsafe class TwoThreadTests
{
    private const int Items = 200_000;

    [Fact]
    public void HandshakeQueue_WriterAndReaderAtOnce_LoseAndMixNothing()
    {
        var queue = new HandshakeQueue();
        var source = new byte[UdpAddress.RawLength];
        RunBoth(
            () =>
            {
                var message = new byte[HandshakeQueue.MaxMessage];
                for (var i = 0; i < Items; i++)
                {
                    message.AsSpan().Fill((byte)i);
                    SpinUntil(() => queue.TryAdd(message.AsSpan(0, 1 + (i % HandshakeQueue.MaxMessage)), source));
                }
            },
            () =>
            {
                for (var i = 0; i < Items; i++)
                {
                    SpinUntil(() => queue.Count > 0);
                    Assert.True(queue.TryPeek(out var message, out _));
                    Assert.Equal(1 + (i % HandshakeQueue.MaxMessage), message.Length);
                    Assert.Equal(-1, message.IndexOfAnyExcept((byte)i));
                    queue.Remove();
                }
            });
    }

    [Fact]
    public void FrameRing_WriterAndReaderAtOnce_LoseAndMixNothing()
    {
        using var ring = new FrameRing();
        var peer = Peer.Create(new Session.Engine(1).Manager, new WireGuardKey(TestKeys.Random(9)), worker: 0);
        RunBoth(
            () =>
            {
                var frame = new byte[3_000];
                for (var i = 0; i < Items; i++)
                {
                    frame.AsSpan().Fill((byte)i);
                    SpinUntil(() => ring.TryAdd(peer, frame.AsSpan(0, Length(i))));
                }
            },
            () =>
            {
                for (var i = 0; i < Items; i++)
                {
                    SpinUntil(() => ring.Count > 0);
                    Assert.True(ring.TryPeek(out var owner, out var frame, out var length));
                    Assert.Same(peer, owner);
                    Assert.Equal(Length(i), length);
                    Assert.Equal(-1, new ReadOnlySpan<byte>(frame, length).IndexOfAnyExcept((byte)i));
                    ring.Remove();
                }
            });
    }

    private static int Length(int number) => 1 + (number * 7919 % 3_000);

    // A wait that never ends would hide the fault that it waits for.
    private static void SpinUntil(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        var spin = default(SpinWait);
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60));
            spin.SpinOnce();
        }
    }

    private static void RunBoth(Action writer, Action reader)
    {
        Exception? fault = null;
        var thread = new Thread(() => fault = Record.Exception(writer));
        thread.Start();
        var faultHere = Record.Exception(reader);
        thread.Join();
        Assert.Null(fault);
        Assert.Null(faultHere);
    }
}
