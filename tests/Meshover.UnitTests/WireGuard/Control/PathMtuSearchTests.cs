using Meshover.WireGuard.Control;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class PathMtuSearchTests
{
    private const int Minimum = 1304;
    private const int Maximum = 1420;

    private long _now = 1;

    [Theory]
    [InlineData(1500, Maximum)]
    [InlineData(Maximum, Maximum)]
    [InlineData(Minimum, Minimum)]
    public void Search_WayOfASize_FindsIt(int way, int expected) => Assert.Equal(expected, Search(new(Minimum, Maximum), way));

    [Fact]
    public void Search_AnyWay_FindsNoMoreThanFitsAndAlmostAll()
    {
        for (var way = Minimum; way < Maximum; way++)
            Assert.InRange(Search(new(Minimum, Maximum), way)!.Value, way - 16, way);
    }

    [Fact]
    public void Search_PeerThatAnswersNothing_KnowsNothing() => Assert.Null(Search(new(Minimum, Maximum), way: 0));

    [Fact]
    public void Search_TwoOfThreeProbesLost_FindsItAllTheSame()
    {
        var sent = 0;
        Assert.Equal(Maximum, Search(new(Minimum, Maximum), way: 1500, isLost: () => ++sent % 3 != 0));
    }

    [Fact]
    public void Search_WayThatBecameWider_IsFoundLater()
    {
        var search = new PathMtuSearch(Minimum, Maximum);
        Assert.InRange(Search(search, way: 1350)!.Value, 1334, 1350);

        Assert.Equal(Maximum, Search(search, way: 1500));
    }

    [Theory]
    [InlineData(1500, 1350)]
    [InlineData(1500, Minimum)]
    [InlineData(1400, 1330)]
    public void Search_WayThatBecameNarrower_IsNoticedWithinAMinute(int before, int after)
    {
        var search = new PathMtuSearch(Minimum, Maximum);
        var found = Search(search, before)!.Value;
        Assert.True(found > after);

        Search(search, after, milliseconds: 60_000);

        Assert.InRange(search.Result!.Value, Minimum, after); // nothing is lost any more
        Assert.InRange(Search(search, after, milliseconds: 60_000)!.Value, after - 16, after);
    }

    [Fact]
    public void Search_PeerThatFallsSilent_KeepsWhatWasFound()
    {
        var search = new PathMtuSearch(Minimum, Maximum);
        Search(search, way: 1500);

        Assert.Equal(Maximum, Search(search, way: 0));
    }

    [Fact]
    public void Search_AWayThatStays_CostsAProbeEach45Seconds()
    {
        var search = new PathMtuSearch(Minimum, Maximum);
        Search(search, way: 1500);
        var sent = 0;
        Search(search, way: 1500, isLost: () => ++sent < 0, milliseconds: 600_000);

        Assert.InRange(sent, 12, 15);
    }

    [Fact]
    public void Restart_WhileNothingNewIsKnown_KeepsTheResult()
    {
        var search = new PathMtuSearch(Minimum, Maximum);
        Search(search, way: Minimum);
        search.Restart();

        Assert.Equal(Minimum, search.Result);
        Assert.Equal(Maximum, search.Due(_now));
    }

    [Fact]
    public void Due_BeforeAnAnswerCanBeThere_SendsNothing()
    {
        var search = new PathMtuSearch(Minimum, Maximum);
        Assert.NotNull(search.Due(_now));
        Assert.Null(search.Due(_now + 900));
        Assert.NotNull(search.Due(_now + 1_000));
    }

    // An hour, or so long, over a way that carries so much.
    private int? Search(PathMtuSearch search, int way, Func<bool>? isLost = null, long milliseconds = 3_600_000)
    {
        for (var end = _now + milliseconds; _now < end; _now += 250)
        {
            if (search.Due(_now) is { } size && size <= way && isLost?.Invoke() != true)
                search.Answered(size, _now + 1);
        }
        return search.Result;
    }
}
