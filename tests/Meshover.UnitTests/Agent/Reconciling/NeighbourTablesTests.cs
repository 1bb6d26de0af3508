using Meshover.Agent.Reconciling.Kernel;
using Xunit;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class NeighbourTablesTests
{
    private static readonly Dictionary<string, int> Defaults = new()
    {
        ["net.ipv4.neigh.default.gc_thresh1"] = 128,
        ["net.ipv4.neigh.default.gc_thresh2"] = 512,
        ["net.ipv4.neigh.default.gc_thresh3"] = 1024,
        ["net.ipv6.neigh.default.gc_thresh1"] = 128,
        ["net.ipv6.neigh.default.gc_thresh2"] = 512,
        ["net.ipv6.neigh.default.gc_thresh3"] = 1024,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(64)]
    public void Compute_FewLinks_LeavesTheKernelsOwn(int links) => Assert.Empty(NeighbourTables.Compute(Defaults, links, hosts: 0));

    [Fact]
    public void Compute_ThreeThousandLinks_MakesRoomForAllInBothFamilies() =>
        Assert.Equal(
            [
                "sysctl net.ipv6.neigh.default.gc_thresh3 = 32768", "sysctl net.ipv6.neigh.default.gc_thresh2 = 16384",
                "sysctl net.ipv6.neigh.default.gc_thresh1 = 8192", "sysctl net.ipv4.neigh.default.gc_thresh3 = 32768",
                "sysctl net.ipv4.neigh.default.gc_thresh2 = 16384", "sysctl net.ipv4.neigh.default.gc_thresh1 = 8192",
            ],
            NeighbourTables.Compute(Defaults, 3000, hosts: 0).Select(change => change.ToString()));

    /// <summary>Those that are gone are collected as before; those that are there find a place.</summary>
    [Fact]
    public void Compute_HostsOnABridge_RaiseTheUpperLimits() =>
        Assert.Equal(
            [
                "sysctl net.ipv6.neigh.default.gc_thresh3 = 4112", "sysctl net.ipv6.neigh.default.gc_thresh2 = 4104",
                "sysctl net.ipv4.neigh.default.gc_thresh3 = 4112", "sysctl net.ipv4.neigh.default.gc_thresh2 = 4104",
            ],
            NeighbourTables.Compute(Defaults, 2, hosts: 4096).Select(change => change.ToString()));

    [Fact]
    public void Compute_LargerAlready_IsNotLowered() =>
        Assert.Empty(NeighbourTables.Compute(Defaults.ToDictionary(limit => limit.Key, _ => 100_000), 3000, hosts: 0));

    /// <summary>As in every network namespace but the first.</summary>
    [Fact]
    public void Compute_NoSuchSysctls_ChangesNothing() => Assert.Empty(NeighbourTables.Compute(new Dictionary<string, int>(), 3000, hosts: 0));
}
