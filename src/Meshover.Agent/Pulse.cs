namespace Meshover.Agent;

/// <summary>Wakes all who wait at once. Who waits for a condition takes <see cref="Next"/> before it looks, and so misses nothing.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes at the next <see cref="Beat"/>.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Beat() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
