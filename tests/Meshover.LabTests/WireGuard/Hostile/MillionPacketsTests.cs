using System.Diagnostics;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;

namespace Meshover.LabTests.WireGuard.Hostile;

public sealed class MillionPacketsTests
{
    private const int Packets = 1_000_000;

    // Between two pings: well within the engine's receive buffer.
    private const int Window = 2_000;

    /// <summary>
    /// Rubbish, forgeries, genuine packets with bits changed, lengths cut and words exchanged, replays, reordered ones, and authentic
    /// packets with anything in them, one by one and in trains. Each is counted under its reason.
    /// </summary>
    [Theory]
    [InlineData(1, true, 1)]
    [InlineData(2, false, 1)]
    [InlineData(3, true, 3)]
    public async Task Engine_AMillionHostilePackets_AreCountedAndDoNoHarm(ulong seed, bool offloads, int workers)
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1, offloads: offloads ? OffloadKinds.All : OffloadKinds.None, workers: workers);
        using var peer = new RawPeer(wire);
        await engine.ApplyAsync(engine.Config(peer.Config));
        await wire.IpAsync(1, "addr", "add", "10.99.0.1", "peer", "10.99.0.2", "dev", peer.Config.Link!.Name);
        await peer.ConnectAsync(engine.PublicKey);
        var atFirst = (await engine.PeerAsync()).RxBytes;
        var traffic = new HostileTraffic(peer, seed);
        await SendAsync(traffic, peer, Packets / 50); // compiled and warm
        var before = new Usage();

        await SendAsync(traffic, peer, Packets);

        var grown = new Usage().Since(before);
        Assert.InRange(grown.Allocated, 0, Packets * 24L); // one object a packet would be more
        Assert.InRange(grown.Resident, long.MinValue, 64 << 20);
        Assert.Equal(atFirst + traffic.AuthenticBytes + peer.PingBytes, await AssertCountsAsync(engine, traffic));
        Assert.False(engine.Running.IsCompleted);
        for (var i = 0; i < 100; i++)
            await peer.PingAsync(link: i % 2 == 0);
    }

    private static async Task SendAsync(HostileTraffic traffic, RawPeer peer, int packets)
    {
        for (var sent = 0; sent < packets;)
        {
            for (var end = Math.Min(sent + Window, packets); sent < end;)
                sent += traffic.SendSome();
            await peer.PingAsync(link: sent % 2 == 0);
        }
    }

    // Returns how many authentic bytes the engine counted.
    private static async Task<long> AssertCountsAsync(EngineHost engine, HostileTraffic traffic)
    {
        var dropped = Enum.GetValues<Fate>().Where(fate => fate < Fate.Handshake).ToList();
        // What other workers than the peer's get, they may take a little later.
        await Until.TrueAsync("all is counted", TimeSpan.FromSeconds(10), async () =>
        {
            var now = await engine.Client.GetStatusAsync();
            return dropped.TrueForAll(fate => Counted(now, fate) >= traffic[fate]);
        });
        var status = await engine.Client.GetStatusAsync();
        foreach (var fate in dropped)
        {
            var counted = Counted(status, fate);
            Assert.True(counted == traffic[fate], $"{fate}: {counted} counted, {traffic[fate]} sent");
            Assert.True(counted > 1_000, $"{fate}: only {counted}, which shows nothing");
        }
        Assert.InRange(traffic[Fate.Delivered], 1_000, Packets);
        Assert.InRange(status.Drops.GetValueOrDefault("HandshakeQueueFull"), 0, traffic[Fate.Handshake]);
        Assert.False(status.Drops.ContainsKey("DeviceRefused"), "the kernel refused a frame of ours");
        return status.Peers[0].RxBytes;
    }

    // An unknown index within a train may be of another worker's class.
    private static long Counted(DataplaneStatus status, Fate fate) => status.Drops.GetValueOrDefault(fate.ToString())
        + (fate == Fate.UnknownIndex ? status.Drops.GetValueOrDefault("WrongWorker") : 0);

    private sealed class Usage
    {
        public long Allocated { get; private init; } = GC.GetTotalAllocatedBytes(precise: true);

        public long Resident { get; private init; } = ReadResident();

        public Usage Since(Usage before) => new() { Allocated = Allocated - before.Allocated, Resident = Resident - before.Resident };

        private static long ReadResident()
        {
            using var self = Process.GetCurrentProcess();
            return self.WorkingSet64;
        }
    }
}
