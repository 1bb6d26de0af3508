using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class WorkerCountTests
{
    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(0, 2, 1)]
    [InlineData(0, 5, 2)]
    [InlineData(0, 16, 8)]
    [InlineData(0, 128, 16)]
    [InlineData(4, 2, 4)]
    [InlineData(99, 2, 16)]
    public void Choose_WantedAndCores_GivesSoMany(int wanted, int cores, int expected) =>
        Assert.Equal(expected, WorkerCount.Choose(wanted, cores));
}
