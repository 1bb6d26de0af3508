using System.Net;

namespace Meshover.LabTests.WireGuard;

/// <summary>What a kernel or a device cannot do, the engine does itself. These hold on every kernel.</summary>
public class OffloadProbeTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Offloads_AreThoseThatThisKernelHas()
    {
        await using var pair = await Mesh.CreateAsync(2);

        var offloads = (await pair.Engines[0].Client.GetStatusAsync()).Offloads;

        Assert.Equal(OfThisKernel(["ipv4", "ipv6", "udp-gso", "udp-gro", "tun-tso", "tun-uso"]), offloads);
    }

    /// <summary>TUN_F_USO4 and TUN_F_USO6 came with Linux 6.2; all else is older than any kernel that .NET runs on.</summary>
    internal static IEnumerable<string> OfThisKernel(IEnumerable<string> offloads) =>
        Environment.OSVersion.Version >= new Version(6, 2) ? offloads : offloads.Except(["tun-uso"]);

    // UDP_SEGMENT over a device that computes no checksums is EIO before Linux 6.11.
    [Fact]
    public async Task EgressDevice_WithoutOffloads_CarriesEverythingAllTheSame()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.RunAsync(1, "ethtool", "-K", "eth0", "tx", "off", "gso", "off", "tso", "off");
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);

        await Traffic.TcpAsync(pair.Wire, 1, 2, IPAddress.Parse("10.99.0.2"), 4_000_000, seed: 1);
        await Datagrams.ExchangeAsync(pair.Wire, 1, 2, IPAddress.Parse("fd18::2"), seed: 2);

        Assert.Empty((await pair.Engines[0].Client.GetStatusAsync()).Drops);
    }
}
