namespace Meshover.LabTests.Controller;

/// <summary>Waits until something is so, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task TrueAsync(Func<bool> condition, TimeSpan patience, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > patience)
                Assert.Fail($"Not within {patience.TotalSeconds:0} s: {what}.");
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }
}
