namespace Meshover.LabTests.WireGuard;

public sealed class SteadyStateTests
{
    [Fact]
    public async Task Packets_UnderLoad_AllocateNothing()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", TimeSpan.FromSeconds(10));
        await LoadAsync(pair, seconds: 1);
        var sentBefore = (await pair.Engines[0].PeerAsync()).TxBytes;
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await LoadAsync(pair, seconds: 3);

        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        var packets = ((await pair.Engines[0].PeerAsync()).TxBytes - sentBefore) / 1452;
        Assert.InRange(packets, 50_000, long.MaxValue);
        // Timers, the state file and this test's own process starts; an allocation per packet would be a hundred times that.
        Assert.InRange(allocated, 0, packets);
    }

    private static async Task LoadAsync(Mesh pair, int seconds)
    {
        var server = pair.Wire.RunAsync(2, "iperf3", "-s", "-1");
        await Until.TrueAsync("iperf3 listens", TimeSpan.FromSeconds(5), async () =>
            (await pair.Wire.RunAsync(2, "ss", "-Hltn", "sport", "=", "5201")).Length > 0);
        await pair.Wire.RunAsync(1, "iperf3", "-c", "10.99.0.2", "-t", $"{seconds}");
        await server;
    }
}
