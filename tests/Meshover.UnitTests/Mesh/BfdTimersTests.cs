using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

public sealed class BfdTimersTests
{
    [Theory]
    [InlineData(0, 500, 300, 100)]
    [InlineData(2, 500, 300, 100)]
    [InlineData(9, 500, 300, 100)]
    [InlineData(23, 500, 300, 250)]
    [InlineData(25, 500, 300, 250)]
    [InlineData(26, 500, 300, 300)]
    [InlineData(300, 500, 600, 600)]
    [InlineData(3_000, 500, 6_000, 6_000)]
    [InlineData(23, 1_200, 300, 100)]
    [InlineData(3, 10, 300, 300)]
    public void For_Neighbours_KeepsToTheRate(int neighbors, int rate, int wan, int lan)
    {
        var timers = BfdTimers.For(neighbors, rate);
        Assert.Equal((wan, lan, wan), (timers.Wan.IntervalMs, timers.Lan.IntervalMs, timers.Lossy.IntervalMs));
        Assert.True(neighbors * 1000 / timers.Lan.IntervalMs <= rate);
    }

    [Theory]
    [InlineData(150, 2_400, 8)]
    [InlineData(300, 2_400, 4)]
    [InlineData(3_000, 18_000, 3)]
    public void For_LossyLinksOfALargeMesh_WaitsForFewerPackets(int neighbors, int detectionMs, int multiplier)
    {
        var lossy = BfdTimers.For(neighbors, BfdTimers.DefaultPacketsPerSecond).Lossy;
        Assert.Equal((detectionMs, multiplier), (lossy.DetectionMs, lossy.Multiplier));
    }

    [Fact]
    public void DetectionMs_OfASmallMesh_IsAsDocumented()
    {
        var timers = BfdTimers.For(3, BfdTimers.DefaultPacketsPerSecond);
        Assert.Equal([300, 900, 2_400], new[] { BfdProfile.Lan, BfdProfile.Wan, BfdProfile.Lossy }.Select(profile => timers.Of(profile).DetectionMs));
    }
}
