using Meshover.Cli.Supervision;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class RestartPolicyTests
{
    [Fact]
    public void AfterDeath_DiesAtOnceAgainAndAgain_DoublesUpToTenSeconds()
    {
        var policy = new RestartPolicy();

        var waits = Enumerable.Range(0, 9).Select(_ => policy.AfterDeath(TimeSpan.Zero).TotalMilliseconds);

        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000], waits);
    }

    [Fact]
    public void AfterDeath_RanWell_BeginsAnew()
    {
        var policy = new RestartPolicy();
        for (var i = 0; i < 5; i++)
            policy.AfterDeath(TimeSpan.Zero);

        Assert.Equal(RestartPolicy.First, policy.AfterDeath(RestartPolicy.Well));
    }
}
