using System.Diagnostics;
using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>
/// What the threads share without locks, with a thread at each end: what is put into a ring comes out whole, once, in its order; what is
/// there is found; and what is taken away stays alive as long as somebody may hold it.
/// </summary>
public sealed unsafe class TwoThreadTests
{
    private const int Items = 200_000;

    [Fact]
    public void HandshakeQueue_WriterAndReaderAtOnce_LoseAndMixNothing()
    {
        var queue = new HandshakeQueue(1_024);
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

    [Fact]
    public void IndexTable_GrowingWhileAWorkerLooks_HidesNothing()
    {
        var session = new Session.Engine(1).AddPeer(new Session.Engine(2));
        var table = new IndexTable(SystemEntropy.Instance);
        var staying = table.Add(session, 0);
        RunUntilDone(
            () =>
            {
                for (var round = 0; round < 20; round++)
                {
                    var passing = Enumerable.Range(0, 5_000).Select(_ => table.Add(session, 0)).ToList();
                    passing.ForEach(table.Remove);
                }
            },
            () => Assert.Same(staying, table.Find(staying.Index)));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void TunSources_GrowingWhileTheWorkerLooks_HidesNothingAndGivesNobodyAnothersKey()
    {
        var sources = new TunSources(firstKey: 1);
        var staying = sources.Add(null!, null, null);
        var key = 0u;
        RunUntilDone(
            () =>
            {
                for (var round = 0; round < 200; round++)
                {
                    var passing = Enumerable.Range(0, 500).Select(_ => sources.Add(null!, null, null)).ToList();
                    passing.ForEach(sources.Remove);
                }
            },
            () =>
            {
                key = 1 + (key % 15);
                Assert.Same(staying, sources.Find(staying.Key));
                Assert.Equal(key, sources.Find(key)?.Key ?? key);
            });
    }

    [Fact]
    public void KeyReclaimer_WhileAWorkerUsesKeys_ZeroesNoneInItsHands()
    {
        const int Sessions = 20_000;
        var gate = new WorkerGate();
        var reclaimer = new KeyReclaimer([gate]);
        var entry = new IndexEntry(1, new Session.Engine(1).AddPeer(new Session.Engine(2))) { TransportSession = NewSession() };
        var passes = 0;
        RunUntilDone(
            () =>
            {
                for (var i = 0; i < Sessions; i++)
                {
                    var former = entry.TransportSession!;
                    entry.TransportSession = NewSession();
                    reclaimer.Retire(former);
                    reclaimer.Sweep();
                }
            },
            () =>
            {
                gate.Enter();
                var session = entry.TransportSession!;
                for (var i = 0; i < 10; i++)
                    Assert.False(session.SendCipher.IsDisposed, "zeroed while it was in use");
                gate.Leave();
                passes++;
            });
        Assert.True(passes > 1_000, $"only {passes} passes");
    }

    private static TransportSession NewSession()
    {
        using var keys = TransportKeys.Copy(new byte[32], new byte[32]);
        return new TransportSession(new IndexEntry(1, null!), 2, isInitiator: true, keys, now: 1, new ProtocolTimes())
        {
            Agreed = new AgreedKeys(default, default),
        };
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

    // The second over and over, as long as the first takes.
    private static void RunUntilDone(Action writer, Action reader)
    {
        var isOver = 0;
        RunBoth(
            () =>
            {
                try
                {
                    writer();
                }
                finally
                {
                    Volatile.Write(ref isOver, 1);
                }
            },
            () =>
            {
                while (Volatile.Read(ref isOver) == 0)
                    reader();
            });
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
