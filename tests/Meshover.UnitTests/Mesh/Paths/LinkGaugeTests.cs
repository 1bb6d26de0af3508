using Meshover.Mesh.Paths;

namespace Meshover.UnitTests.Mesh.Paths;

public sealed class LinkGaugeTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5), ClosePeriod = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData(0.1, 0, 0)]
    [InlineData(4, 0, 0)]
    [InlineData(5, 1, 24)]
    [InlineData(20, 5, 95)]
    [InlineData(100, 10, 538)]
    [InlineData(500, 14, 2153)]
    [InlineData(5_000, 14, 2153)]
    public void Cost_OfARoundTrip_IsHalfOfItInTenthsOfAMillisecond(double milliseconds, int step, int cost)
    {
        var quality = new LinkQuality(LinkQuality.RttStepOf(milliseconds), IsJittery: false, Loss: 0);
        Assert.Equal((step, cost), (quality.Rtt, quality.Cost));
    }

    [Fact]
    public void Cost_OfTwoLinks_IsLessThanOfASlowOne_UnlessTheyAreAsSlowTogether()
    {
        Assert.True(2 * Link(LinkQuality.RttStepOf(5)) < Link(LinkQuality.RttStepOf(20)));
        Assert.True(Link(LinkQuality.RttStepOf(20)) < 2 * Link(LinkQuality.RttStepOf(10)));
        Assert.True(Link(0) < 2 * Link(0));

        static int Link(int step) => 2 * (LinkCost.Base + new LinkQuality(step, IsJittery: false, Loss: 0).Cost);
    }

    [Fact]
    public void Answered_FirstSixteen_AreAStep()
    {
        var gauge = new LinkGauge();
        for (var i = 0; i < 15; i++)
            gauge.Answered(20);
        Assert.Null(gauge.Quality);
        Assert.True(gauge.IsClose);
        gauge.Answered(20);
        Assert.Equal(new LinkQuality(5, IsJittery: false, 0), gauge.Quality);
        Assert.False(gauge.IsClose);
    }

    [Theory]
    [InlineData(5, 20)]
    [InlineData(20, 5)]
    [InlineData(0.2, 80)]
    [InlineData(80, 0.2)]
    public void Quality_AfterAChange_FollowsWithinSevenSeconds(double before, double after)
    {
        var gauge = new LinkGauge();
        Run(gauge, TimeSpan.FromMinutes(3), () => before);
        Assert.Equal(LinkQuality.RttStepOf(before), gauge.Quality!.Value.Rtt);
        Run(gauge, TimeSpan.FromSeconds(7), () => after);
        Assert.Equal(LinkQuality.RttStepOf(after), gauge.Quality!.Value.Rtt);
    }

    [Fact]
    public void Bfd_ShortLinkThatLosesNothing_IsQuickAfterAMinute()
    {
        var gauge = new LinkGauge();
        Run(gauge, TimeSpan.FromSeconds(45), () => 0.3);
        Assert.Equal(BfdProfile.Wan, gauge.Quality!.Value.Bfd);
        Run(gauge, TimeSpan.FromSeconds(30), () => 0.3);
        Assert.Equal(BfdProfile.Lan, gauge.Quality!.Value.Bfd);
        Run(gauge, TimeSpan.FromSeconds(10), () => 30);
        Assert.Equal(BfdProfile.Wan, gauge.Quality!.Value.Bfd);
    }

    [Fact]
    public void Fell_QuickLink_IsQuickAgainAfterTwiceTheTimeAndTheDoubtFades()
    {
        var gauge = new LinkGauge();
        Answer(gauge, 16 + 12);
        Assert.Equal(BfdProfile.Lan, gauge.Quality!.Value.Bfd);
        gauge.Fell();
        Assert.Equal(BfdProfile.Wan, gauge.Quality!.Value.Bfd);
        gauge.Fell();
        Answer(gauge, 23);
        Assert.Equal(BfdProfile.Wan, gauge.Quality!.Value.Bfd);
        Answer(gauge, 1);
        Assert.Equal(BfdProfile.Lan, gauge.Quality!.Value.Bfd);
        Answer(gauge, 256);
        gauge.Fell();
        Answer(gauge, 24);
        Assert.Equal(BfdProfile.Lan, gauge.Quality!.Value.Bfd);
    }

    /// <summary>What an hour of false alarms would teach in the end.</summary>
    [Fact]
    public void Fell_AgainAndAgain_IsAnHourInTheEnd()
    {
        var gauge = new LinkGauge(new LinkQuality(0, IsJittery: false, 0) { Bfd = BfdProfile.Lan });
        for (var i = 0; i < 12; i++)
        {
            for (var echoes = 0; gauge.Quality!.Value.Bfd != BfdProfile.Lan; echoes++)
            {
                Assert.InRange(echoes, 0, 768);
                gauge.Answered(0.3);
            }
            gauge.Fell();
        }
        Answer(gauge, 300);
        Assert.Equal(BfdProfile.Wan, gauge.Quality!.Value.Bfd);
    }

    [Fact]
    public void Bfd_LinkThatLosesSome_IsPatientUntilItLosesNone()
    {
        var gauge = new LinkGauge();
        Answer(gauge, 16);
        for (var i = 0; i < 5; i++)
        {
            gauge.Missed();
            Answer(gauge, 20);
        }
        Assert.Equal(BfdProfile.Lossy, gauge.Quality!.Value.Bfd);
        Assert.Equal(0, gauge.Quality!.Value.Loss);
        Assert.Equal(BfdProfile.Lossy, new LinkGauge(gauge.Quality).Quality!.Value.Bfd);
        Answer(gauge, 256);
        Assert.NotEqual(BfdProfile.Lossy, gauge.Quality!.Value.Bfd);
    }

    /// <summary>1 % each way: found out in the first hour, and held on to.</summary>
    [Fact]
    public void Bfd_LinksThatLoseOnePercent_ArePatientAndSeldomChange()
    {
        var (patient, changes, hasty, echoes) = (0, 0, 0, 0);
        for (var link = 0; link < 100; link++)
        {
            var random = new Dice(link);
            var gauge = new LinkGauge();
            double? Echo() => random.Next() < 0.02 ? null : 0.3;
            Run(gauge, TimeSpan.FromHours(1), Echo);
            patient += gauge.Quality!.Value.Bfd == BfdProfile.Lossy ? 1 : 0;
            changes += Run(gauge, TimeSpan.FromHours(6), quality => quality?.Bfd, () =>
            {
                (echoes, hasty) = (echoes + 1, hasty + (gauge.Quality!.Value.Bfd == BfdProfile.Lan ? 1 : 0));
                return Echo();
            });
        }
        Assert.InRange(patient, 70, 100);
        Assert.InRange(changes, 0, 300);
        Assert.InRange((double)hasty / echoes, 0, 0.05);
    }

    /// <summary>A machine that was upgraded, a cable that was plugged elsewhere: some seconds each, and nothing lost besides.</summary>
    [Fact]
    public void Bfd_LinkThatWasAwayForAMoment_IsNotLossy()
    {
        var gauge = new LinkGauge();
        Answer(gauge, 16);
        for (var i = 0; i < 4; i++)
        {
            for (var lost = 0; lost < 3; lost++)
                gauge.Missed();
            Answer(gauge, 20);
        }
        Assert.NotEqual(BfdProfile.Lossy, gauge.Quality!.Value.Bfd);
    }

    [Theory]
    [InlineData(BfdProfile.Lan)]
    [InlineData(BfdProfile.Lossy)]
    public void Bfd_OfAnAgentThatStartsAnew_HoldsOn(BfdProfile profile)
    {
        var gauge = new LinkGauge(new LinkQuality(0, IsJittery: false, 0) { Bfd = profile });
        Answer(gauge, 3);
        Assert.Equal(profile, gauge.Quality!.Value.Bfd);
    }

    private static void Answer(LinkGauge gauge, int times)
    {
        for (var i = 0; i < times; i++)
            gauge.Answered(0.3);
    }

    /// <summary>One that lies near the end of a step may be either, and stays what it was.</summary>
    [Fact]
    public void Quality_NearTheEndOfAStep_StaysWhatItWas()
    {
        var gauge = new LinkGauge();
        var random = new Dice(1);
        Run(gauge, TimeSpan.FromMinutes(1), () => 15.9);
        var changes = Run(gauge, TimeSpan.FromMinutes(10), () => 14.5 + (4 * random.Next()));
        Assert.Equal(0, changes);
    }

    /// <summary>1 % loss and 30 ms jitter each way, 200 links, ten minutes each: what is said once, holds. (By hundreds of links, as one may be lucky; of so many a few need more than the first minute to tell their jitter.)</summary>
    [Fact]
    public void Quality_OfJitteryAndLossyLinks_DoesNotFlap()
    {
        var changes = 0;
        for (var link = 0; link < 200; link++)
        {
            var random = new Dice(link);
            var mean = 61 + (random.Next() * 60);
            var gauge = new LinkGauge();
            double? Echo() => random.Next() < 0.02 ? null : mean + Jitter(random) + Jitter(random);
            Run(gauge, TimeSpan.FromMinutes(1), Echo);
            changes += Run(gauge, TimeSpan.FromMinutes(10), Echo);
            Assert.True(gauge.Quality!.Value.IsJittery);
        }
        Assert.InRange(changes, 0, 4);

        static double Jitter(Dice random) => (random.Next() * 60) - 30;
    }

    /// <summary>A machine that is busy for a moment, as all are, moves nothing.</summary>
    [Fact]
    public void Quality_SomeSlowEchoes_AreAMoments()
    {
        var gauge = new LinkGauge();
        var random = new Dice(7);
        Run(gauge, TimeSpan.FromMinutes(1), () => 0.5);
        Assert.Equal(0, Run(gauge, TimeSpan.FromMinutes(30), () => random.Next() < 0.2 ? 40 : 0.5));
    }

    [Fact]
    public void Quality_EchoesThatWaitedForAHandshake_AreNoJitter()
    {
        var gauge = new LinkGauge();
        Run(gauge, TimeSpan.FromMinutes(1), () => 0.5);
        gauge.Answered(1_400);
        gauge.Answered(5_100);
        Assert.Equal(0, Run(gauge, TimeSpan.FromMinutes(5), () => 0.5));
        Assert.Equal(new LinkQuality { Bfd = BfdProfile.Lan }, gauge.Quality!.Value);
    }

    /// <summary>Where echoes were slow for moments, a change is seen all the same: by the second echo in a row.</summary>
    [Fact]
    public void Quality_AfterSlowEchoes_FollowsAChangeWithinTwelveSeconds()
    {
        var gauge = new LinkGauge();
        var random = new Dice(5);
        Run(gauge, TimeSpan.FromMinutes(5), () => random.Next() < 0.3 ? 30 : 0.5);
        Assert.Equal(0, gauge.Quality!.Value.Rtt);
        Run(gauge, TimeSpan.FromSeconds(12), () => 40);
        Assert.Equal(LinkQuality.RttStepOf(40), gauge.Quality!.Value.Rtt);
    }

    [Fact]
    public void Quality_OfALinkThatLosesPackets_CostsMore_AndLessAgainWhenItDoesNot()
    {
        var gauge = new LinkGauge();
        var random = new Dice(3);
        Run(gauge, TimeSpan.FromMinutes(1), () => 1);
        Run(gauge, TimeSpan.FromMinutes(30), () => random.Next() < 0.15 ? null : 1);
        Assert.Equal(1, gauge.Quality!.Value.Loss);
        Run(gauge, TimeSpan.FromMinutes(30), () => random.Next() < 0.4 ? null : 1);
        Assert.Equal(2, gauge.Quality!.Value.Loss);
        Run(gauge, TimeSpan.FromMinutes(30), () => 1);
        Assert.Equal(new LinkQuality { Bfd = BfdProfile.Lan }, gauge.Quality!.Value);
    }

    /// <summary>Whatever a link loses all the time, it does not move to and fro by it.</summary>
    [Theory]
    [InlineData(0.03)]
    [InlineData(0.05)]
    [InlineData(0.08)]
    [InlineData(0.12)]
    [InlineData(0.2)]
    [InlineData(0.3)]
    public void Quality_OfALinkThatLosesAsMuchAllTheTime_ChangesOnceInSixHoursAtMost(double loss)
    {
        var changes = 0;
        for (var link = 0; link < 20; link++)
        {
            var random = new Dice(link);
            var gauge = new LinkGauge();
            Run(gauge, TimeSpan.FromMinutes(45), () => random.Next() < loss ? null : 1);
            changes += Run(gauge, TimeSpan.FromHours(6), () => random.Next() < loss ? null : 1);
        }
        Assert.InRange(changes, 0, 20);
    }

    [Fact]
    public void Quality_OfALinkThatIsBadFromTheStart_IsJudgedByWhatComes()
    {
        var gauge = new LinkGauge();
        for (var i = 0; i < 6; i++)
        {
            gauge.Answered(100);
            gauge.Missed();
        }
        Assert.Null(gauge.Quality);
        gauge.GiveUp();
        Assert.Equal(LinkQuality.RttStepOf(100), gauge.Quality!.Value.Rtt);
        var random = new Dice(3);
        Run(gauge, TimeSpan.FromMinutes(30), () => random.Next() < 0.5 ? null : 100);
        Assert.Equal(2, gauge.Quality!.Value.Loss);
    }

    [Fact]
    public void Quality_FirstEchoesWaitedForAHandshake_AreNoJitter()
    {
        var gauge = new LinkGauge();
        gauge.Answered(1_300);
        gauge.Answered(90);
        Run(gauge, TimeSpan.FromSeconds(10), () => 0.4);
        Assert.Equal(new LinkQuality(), gauge.Quality!.Value);
    }

    /// <summary>A peer that was off is no link that loses packets: that it was off, BFD has seen.</summary>
    [Fact]
    public void Quality_AfterAnOutage_IsWhatItWas()
    {
        var gauge = new LinkGauge();
        Run(gauge, TimeSpan.FromMinutes(5), () => 1);
        Run(gauge, TimeSpan.FromMinutes(5), () => null);
        Run(gauge, TimeSpan.FromSeconds(10), () => 1);
        Assert.Equal(new LinkQuality(), gauge.Quality!.Value);
    }

    [Fact]
    public void Known_IsHeldUntilItIsSurelyAnother()
    {
        var gauge = new LinkGauge(new LinkQuality(5, IsJittery: false, 0));
        gauge.Answered(20);
        Assert.False(gauge.IsClose);
        gauge.Answered(0.2);
        Assert.True(gauge.IsClose);
        gauge.GiveUp();
        Assert.False(gauge.IsClose);
        Assert.Equal(5, gauge.Quality!.Value.Rtt);
    }

    /// <summary>An agent that starts anew goes on where the last one was: also with what takes a while to measure.</summary>
    [Fact]
    public void Known_OfABadLink_IsHeldWhereItIsAsBadStill()
    {
        var gauge = new LinkGauge(new LinkQuality(9, IsJittery: true, Loss: 2));
        var random = new Dice(11);
        Assert.Equal(0, Run(gauge, TimeSpan.FromMinutes(20), () => random.Next() < 0.3 ? null : 75 + (random.Next() * 60) - 30));
        Run(gauge, TimeSpan.FromMinutes(60), () => 1);
        Assert.Equal(new LinkQuality { Bfd = BfdProfile.Lan }, gauge.Quality!.Value);
    }

    /// <summary>As the probe asks: each 5 s, and in quick succession while a close look is wanted.</summary>
    /// <param name="echo">Milliseconds; null: it is lost.</param>
    /// <returns>How often the quality changed.</returns>
    private static int Run(LinkGauge gauge, TimeSpan length, Func<double?> echo) => Run(gauge, length, quality => quality?.Cost, echo);

    private static int Run<T>(LinkGauge gauge, TimeSpan length, Func<LinkQuality?, T> part, Func<double?> echo)
    {
        var changes = 0;
        for (var at = TimeSpan.Zero; at < length; at += gauge.IsClose ? ClosePeriod : Period)
        {
            var former = part(gauge.Quality);
            if (echo() is { } milliseconds)
                gauge.Answered(milliseconds);
            else
                gauge.Missed();
            if (!EqualityComparer<T>.Default.Equals(part(gauge.Quality), former))
                changes++;
        }
        return changes;
    }

    /// <summary>The same numbers from 0 to 1 each time (SplitMix64, Steele, Lea, Flood: Fast splittable pseudorandom number generators).</summary>
    private sealed class Dice(int seed)
    {
        private ulong _state = (ulong)seed;

        public double Next()
        {
            var z = unchecked(_state += 0x9e3779b97f4a7c15);
            z = unchecked((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9);
            z = unchecked((z ^ (z >> 27)) * 0x94d049bb133111eb);
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
