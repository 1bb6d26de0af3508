using Meshover.Controller.Live;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class ReachPaceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ReachPace _pace;

    public ReachPaceTests() => _pace = new ReachPace(_time);

    [Fact]
    public void TryTake_NodeThatChangesAllTheTime_HasABurstAndThenOneInTenSeconds()
    {
        var taken = 0;
        for (var tenths = 0; tenths < 3000; tenths++)
        {
            taken += _pace.TryTake(1) ? 1 : 0;
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
        Assert.InRange(taken, ReachPace.Burst + 29, ReachPace.Burst + 30);
        Assert.True(_pace.TryTake(2));
    }

    [Fact]
    public void TakeDue_IsWhoWaited_OnceItsTurnHasCome()
    {
        for (var i = 0; i < ReachPace.Burst; i++)
            Assert.True(_pace.TryTake(1));
        Assert.False(_pace.TryTake(1));
        Assert.Empty(_pace.TakeDue());
        _time.Advance(ReachPace.Each);
        _pace.Trim();
        Assert.Equal([1u], _pace.TakeDue());
        Assert.Empty(_pace.TakeDue());
        Assert.True(_pace.TryTake(1));
    }
}
