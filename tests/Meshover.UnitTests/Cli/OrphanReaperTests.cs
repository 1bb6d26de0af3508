using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class OrphanReaperTests
{
    [Theory]
    [InlineData("77 (bgpd) Z 1 77 77 0 -1", true)]
    [InlineData("77 (a) Z 1 (b) Z 1 77", true)]
    [InlineData("77 (bgpd) S 1 77 77 0 -1", false)]
    [InlineData("77 (bgpd) Z 12 77 77 0 -1", false)]
    [InlineData("77 (x) Z 1) S 1 77", false)]
    [InlineData("", false)]
    public void IsEndedChild_OfTheFirstProcess_IsTold(string stat, bool expected) => Assert.Equal(expected, OrphanReaper.IsEndedChild(stat, 1));

    [Fact]
    public async Task Reap_EndedChild_LeavesTheProcessTable()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var child = DetachedProcess.Start("true", []);
        while (child.IsAlive)
            await Task.Delay(TimeSpan.FromMilliseconds(5), deadline.Token);
        Assert.True(Directory.Exists($"/proc/{child.Pid}"));

        await OrphanReaper.ReapAsync(child.Pid, Environment.ProcessId, deadline.Token);

        Assert.False(Directory.Exists($"/proc/{child.Pid}"));
    }
}
