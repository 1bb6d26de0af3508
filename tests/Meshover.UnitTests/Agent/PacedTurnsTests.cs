using Meshover.Agent;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent;

public sealed class PacedTurnsTests
{
    [Fact]
    public async Task WhatIsAskedForAllTheTime_IsDoneAtOnce_AndThenFurtherAndFurtherApart()
    {
        var time = new CountingTime();
        var done = 0;
        var turns = new PacedTurns(() => Interlocked.Increment(ref done), time);
        using var stop = new CancellationTokenSource();
        var running = turns.RunAsync(stop.Token);
        turns.Ask();
        await UntilAsync(() => Volatile.Read(ref done) == 1);
        Assert.Equal(0, time.Timers);

        // It is asked for all the time. The clock goes on only while the turns wait for it: how quick the machine is plays no part.
        var tick = TimeSpan.FromMilliseconds(1);
        int[] gaps = [1, 2, 4, 8, 8, 8];
        for (var i = 0; i < gaps.Length; i++)
        {
            turns.Ask();
            await UntilAsync(() => time.Timers == i + 1);
            time.Advance(TimeSpan.FromSeconds(gaps[i]) - tick);
            Assert.Equal(i + 1, Volatile.Read(ref done));
            time.Advance(tick);
            await UntilAsync(() => Volatile.Read(ref done) == i + 2);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 2_000, "it does not come");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    /// <summary>Tells how often somebody began to wait.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
