using Meshover.Agent.ControllerLink;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class BackoffTests
{
    [Fact]
    public void Next_FailureAfterFailure_DoublesUpToTheLongest()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10), () => 1);
        Assert.Equal([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000], Enumerable.Range(0, 8).Select(_ => backoff.Next().TotalMilliseconds));
        backoff.Reset();
        Assert.Equal(250, backoff.Next().TotalMilliseconds);
    }

    [Fact]
    public void Next_Jitter_ShortensByHalfAtMost() =>
        Assert.Equal(125, new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10), () => 0).Next().TotalMilliseconds);
}
