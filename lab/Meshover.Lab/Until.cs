namespace Meshover.Lab;

/// <summary>The one way in which tests and benchmarks wait: for a condition, with a deadline, and with words for what did not come.</summary>
public static class Until
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static Task<TimeSpan> TrueAsync(string what, TimeSpan patience, Func<bool> condition) => TrueAsync(what, patience, () => Task.FromResult(condition()));

    public static Task<TimeSpan> TrueAsync(string what, TimeSpan patience, Func<Task<bool>> condition) =>
        NothingIsMissingAsync(what, patience, async () => await condition() ? null : "it is not so", CancellationToken.None);

    /// <param name="missing">Null when it is so, else what is missing.</param>
    /// <param name="interval">How often it is asked; null: 20 times a second.</param>
    /// <returns>How long it took.</returns>
    /// <exception cref="LabException">It did not come in time.</exception>
    public static async Task<TimeSpan> NothingIsMissingAsync(string what, TimeSpan patience, Func<Task<string?>> missing, CancellationToken ct, TimeSpan? interval = null)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        while (await missing() is { } problem)
        {
            if (time.GetElapsedTime(start) > patience) throw new LabException($"not within {patience.TotalSeconds:0.#} s: {what} ({problem})");
            await Task.Delay(interval ?? Interval, time, ct);
        }
        return time.GetElapsedTime(start);
    }
}
