namespace Meshover.LabTests.WireGuard;

/// <summary>A router's marks, which here the receiving machine's nftables makes of everything that comes to the engine's port.</summary>
public sealed class CongestionMarkTests
{
    private const string Counts = "counter packets [1-9]";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false, "10.99.0.2")] // through the link
    [InlineData(true, "10.99.0.2")]
    [InlineData(false, "198.18.0.2")] // by the main device
    public async Task Mark_OnTheUnderlay_ReachesThePacketWithin(bool v6Underlay, string to)
    {
        await using var pair = await Mesh.CreateAsync(2, v6Underlay);
        await pair.Wire.WaitForPingAsync(1, to, Deadline);
        await MarkAsync(pair.Wire);

        await pair.Wire.RunAsync(1, "ping", "-c", "3", "-i", "0.2", "-W", "5", "-Q", "0x2", to);

        Assert.Matches(Counts, await pair.Wire.RunAsync(2, "nft", "list", "chain", "inet", "marks", "in"));
        Assert.DoesNotContain("CongestionMark", (await pair.Engines[1].Client.GetStatusAsync()).Drops.Keys);
    }

    [Fact]
    public async Task Mark_PacketThatCannotCarryIt_IsDroppedAndCounted()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        await MarkAsync(pair.Wire);

        await pair.Wire.RunAsync(1, "sh", "-c", "ping -c 3 -i 0.2 -W 1 10.99.0.2 || true");

        Assert.Equal(3, (await pair.Engines[1].Client.GetStatusAsync()).Drops["CongestionMark"]);
    }

    // The last rule counts what comes out of the tunnel marked.
    private static async Task MarkAsync(Wire wire)
    {
        await wire.RunAsync(2, "nft", "add table inet marks; add chain inet marks in { type filter hook prerouting priority -300; }");
        await wire.RunAsync(2, "nft", "add rule inet marks in udp dport 12912 ip ecn set ce");
        await wire.RunAsync(2, "nft", "add rule inet marks in udp dport 12912 ip6 ecn set ce");
        await wire.RunAsync(2, "nft", "add rule inet marks in ip protocol icmp ip ecn ce counter");
    }
}
