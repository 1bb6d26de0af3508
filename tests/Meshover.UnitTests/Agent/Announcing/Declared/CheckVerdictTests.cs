using Meshover.Agent.Announcing.Declared.Checks;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Announcing.Declared;

public sealed class CheckVerdictTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Take_RisesAndFallsByRowsAlone()
    {
        var verdict = new CheckVerdict(rise: 2, fall: 3, wasWell: false, _time);
        Assert.Equal([false, true, true, true, true, true, false, false, true], Each(verdict, "++-+---++"));
        Assert.Equal([true, true, true, true], Each(verdict, "-+--"));
    }

    [Fact]
    public void Take_WhatWasWellBeforeTheStart_StaysUntilChecksSayOtherwise()
    {
        var verdict = new CheckVerdict(rise: 2, fall: 2, wasWell: true, _time);
        Assert.Equal([true, false], Each(verdict, "--"));
        Assert.Equal("broken", verdict.Reason);
    }

    [Fact]
    public void Take_ThatFlaps_IsHeldDownForLongerEachTime_UpToABound_UntilItHolds()
    {
        var verdict = new CheckVerdict(rise: 1, fall: 1, wasWell: false, _time);
        var waits = Enumerable.Range(0, 10).Select(_ => Recovery(verdict)).ToList();
        Assert.Equal([0, 5, 10, 20, 40, 80, 160, 300, 300, 300], waits);

        verdict.Take(null);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, Recovery(verdict));
    }

    [Fact]
    public void IsHeld_SaysThatItWouldBeWellAlready()
    {
        var verdict = new CheckVerdict(rise: 1, fall: 1, wasWell: false, _time);
        Recovery(verdict);
        verdict.Take("broken");
        Assert.False(verdict.IsHeld);
        verdict.Take(null);
        Assert.True(verdict is { IsHeld: true, IsWell: false });
    }

    private bool[] Each(CheckVerdict verdict, string checks) => [.. checks.Select(check =>
    {
        verdict.Take(check == '+' ? null : "broken");
        _time.Advance(TimeSpan.FromMinutes(2));
        return verdict.IsWell;
    })];

    /// <summary>Fails once, and then succeeds each second.</summary>
    /// <returns>Seconds until it is well again.</returns>
    private int Recovery(CheckVerdict verdict)
    {
        verdict.Take("broken");
        for (var seconds = 0; ; seconds++)
        {
            verdict.Take(null);
            if (verdict.IsWell)
                return seconds;
            Assert.True(seconds < 1000);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
