using Meshover.Controller.Live;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class SettlingTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void NobodyComesBack_EndsAfterHalfAMinute() => Assert.Equal(Settling.Shortest, EndsAfter(_ => 0));

    [Fact]
    public void HandshakesThatTakeMinutes_AreWaitedFor() =>
        Assert.InRange(EndsAfter(elapsed => Math.Min(9_990, (int)elapsed.TotalSeconds * 50)), TimeSpan.FromSeconds(200), TimeSpan.FromSeconds(220));

    [Fact]
    public void OneThatComesBackAgainAndAgain_IsNotWaitedForForEver() =>
        Assert.Equal(Settling.Longest, EndsAfter(elapsed => (int)elapsed.TotalSeconds * 500));

    [Fact]
    public void TransitNodes_AreSparedForLonger()
    {
        var settling = new Settling(_time);
        _time.Advance(Settling.Shortest);
        settling.Look(0, 100);
        Assert.Equal((false, true), (settling.IsOn, settling.SparesTransits));
        _time.Advance(Settling.ForTransits - Settling.Shortest);
        Assert.False(settling.SparesTransits);
    }

    private TimeSpan EndsAfter(Func<TimeSpan, int> online)
    {
        var settling = new Settling(_time);
        var started = _time.GetTimestamp();
        while (settling.IsOn)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            settling.Look(online(_time.GetElapsedTime(started)), 10_000);
        }
        return _time.GetElapsedTime(started);
    }
}
