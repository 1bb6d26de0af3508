using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Noise;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.WireGuard.Noise;

public sealed class Tai64nClockTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly MemoryTai64nStore _store = new();

    [Fact]
    public void Next_IsTheWallClockInTai64nWithCoarseNanoseconds()
    {
        var clock = Clock(DateTimeOffset.UnixEpoch.AddMilliseconds(1_500));

        Assert.Equal(new Tai64n(0x400000000000000b, 500_000_000 / (1 << 24) << 24), clock.Next(default));
    }

    [Fact]
    public void Next_ToOnePeerInTheSameInstant_Rises()
    {
        var clock = Clock(Noon);
        var last = default(Tai64n);
        for (var i = 0; i < 200; i++)
        {
            var next = clock.Next(last);
            Assert.True(next > last);
            Assert.True(next.Nanoseconds < 1_000_000_000);
            last = next;
        }
    }

    [Fact]
    public void Next_AfterARestartWithTheClockSetBack_IsLaterThanAllBefore()
    {
        var before = default(Tai64n);
        var clock = Clock(Noon);
        for (var i = 0; i < 1_000; i++)
            before = clock.Next(before);

        Assert.True(Clock(Noon.AddYears(-5)).Next(default) > before);
    }

    [Fact]
    public void Next_ClockSetBackWhileRunning_DoesNotFallBack()
    {
        var time = new FakeTimeProvider(Noon);
        var clock = new Tai64nClock(time, _store);
        var before = clock.Next(default);
        time.AdjustTime(Noon.AddHours(-1));

        Assert.True(clock.Next(before) > before);
    }

    [Fact]
    public void Next_NoMarkOfAFormerRun_Works()
    {
        Assert.Null(_store.Mark);
        Assert.True(Clock(Noon).Next(default) > default(Tai64n));
    }

    [Fact]
    public void Next_OverTenMinutes_SavesAtMostEveryTenSecondsAndNeverATimestampBehind()
    {
        var time = new FakeTimeProvider(Noon);
        var clock = new Tai64nClock(time, _store);
        for (var i = 0; i < 6_000; i++)
        {
            var next = clock.Next(default);
            Assert.True(_store.Mark >= next);
            time.Advance(TimeSpan.FromMilliseconds(100));
        }
        Assert.InRange(_store.Saves, 50, 61);
    }

    [Fact]
    public void Next_TheMarkIsNeverReachedBeforeItWasSavedLongAgo()
    {
        var time = new FakeTimeProvider(Noon);
        var clock = new Tai64nClock(time, _store);
        clock.Next(default);
        for (var i = 0; i < 6_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            var savedBefore = _store.Mark!.Value;
            var next = clock.Next(default);
            Assert.True(savedBefore >= next with { Seconds = next.Seconds + 19 }); // what a disk may take
        }
    }

    [Fact]
    public void Close_TheNextRunIsNotAheadOfTheClock()
    {
        var clock = Clock(Noon);
        var last = clock.Next(default);
        clock.Close();

        Assert.Equal(last, _store.Mark);
        Assert.True(Clock(Noon.AddSeconds(1)).Next(default) <= Label(Noon.AddSeconds(1)));
    }

    [Fact]
    public void Next_AfterManyCrashes_IsNotMuchFurtherAheadOfTheClockThanAfterOne()
    {
        var last = default(Tai64n);
        for (var i = 0; i < 10; i++)
        {
            var next = Clock(Noon).Next(default);
            Assert.True(next > last);
            last = next;
        }
        Assert.InRange(last.Seconds, Label(Noon).Seconds, Label(Noon).Seconds + 50);
    }

    private static Tai64n Label(DateTimeOffset time) => Tai64n.FromUnix(time - DateTimeOffset.UnixEpoch);

    [Fact]
    public void WriteAndRead_GiveTheSame()
    {
        var label = new byte[12];
        var time = new Tai64n(0x400000000000000a, 0x01000000);
        time.Write(label);

        Assert.Equal("400000000000000a01000000", Convert.ToHexStringLower(label));
        Assert.Equal(time, Tai64n.Read(label));
    }

    private Tai64nClock Clock(DateTimeOffset now) => new(new FakeTimeProvider(now), _store);
}
