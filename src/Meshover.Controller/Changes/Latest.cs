namespace Meshover.Controller.Changes;

/// <summary>Something whose versions are counted.</summary>
internal interface IRevisioned
{
    long Revision { get; }
}

/// <summary>One reference to the newest version, swapped whole, and a signal for those who wait for the next.</summary>
internal sealed class Latest<T>(T value) where T : class, IRevisioned
{
    private readonly Lock _lock = new();
    private volatile T _value = value;
    private TaskCompletionSource _next = NewSignal();

    public T Value => _value;

    public void Publish(T value)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            _value = value;
            (signal, _next) = (_next, NewSignal());
        }
        signal.SetResult();
    }

    /// <summary>The first version seen whose revision is greater than <paramref name="revision"/>.</summary>
    public async Task<T> WaitBeyondAsync(long revision, CancellationToken cancel)
    {
        while (true)
        {
            Task next;
            lock (_lock)
            {
                if (_value.Revision > revision)
                    return _value;
                next = _next.Task;
            }
            await next.WaitAsync(cancel);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
