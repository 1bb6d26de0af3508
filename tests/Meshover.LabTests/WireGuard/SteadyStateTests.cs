namespace Meshover.LabTests.WireGuard;

public sealed class SteadyStateTests
{
    private const int Datagram = 1452;

    [Fact]
    public async Task Packets_UnderLoad_AllocateNothing()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", TimeSpan.FromSeconds(10));
        await LoadAsync(pair, "0"); // compiled and warm

        var (few, atRest) = await LoadAsync(pair, "1M");
        var (many, underLoad) = await LoadAsync(pair, "0");

        // The timers and this test's own programs allocate the same in both runs. One object per packet would be 24 bytes at least.
        Assert.InRange(many - few, 30_000, long.MaxValue);
        Assert.InRange(underLoad - atRest, long.MinValue, many - few);
    }

    // Some seconds of TCP at a rate (0: as fast as it goes): how many packets that was, and what the process allocated meanwhile, in bytes.
    private static async Task<(long Packets, long Allocated)> LoadAsync(Mesh pair, string rate)
    {
        var server = pair.Wire.RunAsync(2, "iperf3", "-s", "-1");
        await Until.TrueAsync("iperf3 listens", TimeSpan.FromSeconds(5), async () =>
            (await pair.Wire.RunAsync(2, "ss", "-Hltn", "sport", "=", "5201")).Length > 0);
        var sent = (await pair.Engines[0].PeerAsync()).TxBytes;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        await pair.Wire.RunAsync(1, "iperf3", "-c", "10.99.0.2", "-t", "3", "-b", rate);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        await server;
        return (((await pair.Engines[0].PeerAsync()).TxBytes - sent) / Datagram, allocated);
    }
}
