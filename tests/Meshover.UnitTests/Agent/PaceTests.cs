using Meshover.Agent;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent;

public sealed class PaceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Pace _pace;

    public PaceTests() => _pace = new Pace(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), _time);

    [Fact]
    public void Next_AskedForAllTheTime_ComesEvery4SecondsInTheEnd()
    {
        var turns = new List<double>();
        var start = _time.GetUtcNow();
        while (turns.Count < 6)
        {
            _time.Advance(_pace.Next());
            turns.Add((_time.GetUtcNow() - start).TotalSeconds);
        }
        Assert.Equal([0, 1, 3, 7, 11, 15], turns);
    }

    [Fact]
    public void Next_AfterAQuietWhile_ComesAtOnce()
    {
        for (var i = 0; i < 5; i++)
            _time.Advance(_pace.Next());
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(TimeSpan.Zero, _pace.Next());
        Assert.Equal(TimeSpan.FromSeconds(1), _pace.Next());
    }
}
