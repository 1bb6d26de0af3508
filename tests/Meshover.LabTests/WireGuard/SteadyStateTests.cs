namespace Meshover.LabTests.WireGuard;

public sealed class SteadyStateTests
{
    private const int Datagram = 1452;

    [Theory]
    [InlineData(1, "10.99.0.3")]
    [InlineData(4, "10.99.0.3")]
    [InlineData(4, "198.18.0.3")]
    public async Task Packets_UnderLoad_AllocateNothing(int workers, string address)
    {
        // Number 3 is not the first worker's, so that the main device's packets are handed over.
        await using var mesh = await Mesh.CreateAsync(3, workers: workers);
        await mesh.Wire.WaitForPingAsync(1, address, TimeSpan.FromSeconds(10));
        await LoadAsync(mesh, address, "0"); // compiled and warm

        var (few, atRest) = await LoadAsync(mesh, address, "1M");
        var (many, underLoad) = await LoadAsync(mesh, address, "0");

        // The timers and this test's own programs allocate the same in both runs. One object per packet would be 24 bytes at least.
        Assert.InRange(many - few, 30_000, long.MaxValue);
        Assert.InRange(underLoad - atRest, long.MinValue, many - few);
    }

    private static async Task<long> SentAsync(Mesh mesh) => (await mesh.Engines[0].Client.GetStatusAsync()).Peers[1].TxBytes;

    // Some seconds of TCP at a rate (0: as fast as it goes): how many packets that was, and what the process allocated meanwhile, in bytes.
    private static async Task<(long Packets, long Allocated)> LoadAsync(Mesh mesh, string address, string rate)
    {
        var server = mesh.Wire.RunAsync(3, "iperf3", "-s", "-1");
        await Until.TrueAsync("iperf3 listens", TimeSpan.FromSeconds(5), async () =>
            (await mesh.Wire.RunAsync(3, "ss", "-Hltn", "sport", "=", "5201")).Length > 0);
        var sent = await SentAsync(mesh);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        await mesh.Wire.RunAsync(1, "iperf3", "-c", address, "-t", "3", "-b", rate);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        await server;
        return ((await SentAsync(mesh) - sent) / Datagram, allocated);
    }
}
