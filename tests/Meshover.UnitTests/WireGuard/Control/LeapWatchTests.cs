using Meshover.WireGuard.Control;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class LeapWatchTests
{
    private const long Tick = 100;
    private const long Hour = 3_600_000;

    private readonly FakeTimeProvider _wall = new(DateTimeOffset.UnixEpoch.AddYears(60));
    private readonly LeapWatch _watch;
    private long _now = 1;

    public LeapWatchTests() => _watch = new LeapWatch(_wall);

    [Fact]
    public void HasLeapt_TimeThatPassesTickByTick_IsNoLeap()
    {
        for (var i = 0; i < 10_000; i++)
            Assert.False(Pass(Tick, Tick));
    }

    [Fact]
    public void HasLeapt_TheMachineSlept_IsSaidOnce()
    {
        Pass(Tick, Tick);
        Assert.True(Pass(Hour, Hour));
        Assert.False(Pass(Tick, Tick));
    }

    // A snapshot goes on where it was; then somebody sets its clock.
    [Theory]
    [InlineData(Hour)]
    [InlineData(-Hour)]
    public void HasLeapt_TheWallClockWasSet_IsSaidOnce(long wall)
    {
        Pass(Tick, Tick);
        Assert.True(Pass(Tick, wall));
        Assert.False(Pass(Tick, Tick));
    }

    [Fact]
    public void HasLeapt_TheWallClockIsCorrectedALittle_IsNoLeap()
    {
        Pass(Tick, Tick);
        Assert.False(Pass(Tick, 5_000));
    }

    private bool Pass(long milliseconds, long wall)
    {
        _now += milliseconds;
        _wall.AdjustTime(_wall.GetUtcNow().AddMilliseconds(wall));
        return _watch.HasLeapt(_now);
    }
}
