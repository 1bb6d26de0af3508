using Meshover.Agent.Reconciling;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class SessionWatchTests
{
    [Fact]
    public async Task RoutesThatChange_AreLookedAtOnce_AndThenFurtherAndFurtherApart()
    {
        var time = new FakeTimeProvider();
        var looks = 0;
        var watch = new SessionWatch(() => Interlocked.Increment(ref looks), time);
        using var stop = new CancellationTokenSource();
        var running = watch.RunAsync(stop.Token);
        watch.RoutesChanged();
        await UntilAsync(() => Volatile.Read(ref looks) == 1);

        // A minute in which they change all the time: not a look a second.
        for (var i = 0; i < 600; i++)
        {
            watch.RoutesChanged();
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.InRange(Volatile.Read(ref looks), 2, 20);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 2_000, "it does not come");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
