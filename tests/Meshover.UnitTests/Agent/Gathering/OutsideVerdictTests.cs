using Meshover.Agent.Gathering;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Gathering;

public sealed class OutsideVerdictTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Look_Silence_FailsAtOnce_AndSteadyAnswersMendItAfterAWhile()
    {
        var verdict = new OutsideVerdict(wasFailing: false, _time);
        Assert.Equal(0, Changes(verdict, seconds: 3, answers: _ => true));
        Assert.Equal(1, Changes(verdict, seconds: 1, answers: _ => false));
        Assert.True(verdict.IsFailing);
        Assert.Equal(0, Changes(verdict, seconds: 4, answers: _ => true));
        Assert.Equal(1, Changes(verdict, seconds: 2, answers: _ => true));
        Assert.False(verdict.IsFailing);
    }

    [Fact]
    public void Look_LossyWay_StaysFailingInsteadOfChangingItsMindEachSecond()
    {
        var verdict = new OutsideVerdict(wasFailing: false, _time);
        Assert.Equal(1, Changes(verdict, seconds: 600, answers: tick => tick % 6 == 0)); // one of six is answered
    }

    [Fact]
    public void Look_WayThatComesAndGoes_IsTakenBackLaterEachTime_UntilItHolds()
    {
        var verdict = new OutsideVerdict(wasFailing: false, _time);
        Changes(verdict, seconds: 2, answers: _ => false);
        var waits = new List<double>();
        for (var round = 0; round < 7; round++)
        {
            waits.Add(Recovery(verdict));
            Changes(verdict, seconds: 2, answers: _ => false);
        }
        Assert.Equal([5, 10, 20, 40, 80, 80, 80], waits.Select(wait => Math.Round(wait)));
        Recovery(verdict);
        Changes(verdict, seconds: 70, answers: _ => true);
        Changes(verdict, seconds: 2, answers: _ => false);
        Assert.Equal(5, Math.Round(Recovery(verdict)));
    }

    [Fact]
    public void Look_AfterARestart_TheLastWordHolds_AndOnlyAnswersChangeIt()
    {
        var verdict = new OutsideVerdict(wasFailing: true, _time);
        Assert.True(verdict.IsFailing);
        Assert.Equal(0, Changes(verdict, seconds: 10, answers: _ => false));
        Assert.Equal(5, Math.Round(Recovery(verdict)));
    }

    private double Recovery(OutsideVerdict verdict)
    {
        var begun = _time.GetTimestamp();
        for (var tick = 0; verdict.IsFailing && tick < 1000; tick++)
            Step(verdict, isAnswered: true);
        return _time.GetElapsedTime(begun).TotalSeconds;
    }

    private int Changes(OutsideVerdict verdict, int seconds, Func<int, bool> answers) =>
        Enumerable.Range(0, seconds * 5).Count(tick => Step(verdict, answers(tick)));

    private bool Step(OutsideVerdict verdict, bool isAnswered)
    {
        _time.Advance(Tick);
        if (isAnswered)
            verdict.Answered();
        return verdict.Look();
    }
}
