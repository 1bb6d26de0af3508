using System.Diagnostics;

namespace Meshover.LabTests.Routing;

/// <summary>Waits for a condition, with a deadline.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<Task<bool>> condition, int seconds, string what)
    {
        var since = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(seconds), $"not so within {seconds} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public static Task TrueAsync(Func<bool> condition, int seconds, string what) => TrueAsync(() => Task.FromResult(condition()), seconds, what);
}
