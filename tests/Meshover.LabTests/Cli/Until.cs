namespace Meshover.LabTests.Cli;

/// <summary>Waits for a condition, with a deadline.</summary>
internal static class Until
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static async Task TrueAsync(string what, TimeSpan deadline, Func<Task<bool>> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < deadline, $"not within {deadline.TotalSeconds} s: {what}");
            await Task.Delay(Interval, TimeProvider.System, CancellationToken.None);
        }
    }
}
