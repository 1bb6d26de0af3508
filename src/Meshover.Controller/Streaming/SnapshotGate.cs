namespace Meshover.Controller.Streaming;

/// <summary>
/// Admits so many snapshots at a time: after a restore all nodes want one, and some MB for each of thousands at once would be the
/// controller's whole memory. A reader that takes long goes on outside, so that it holds nobody up.
/// </summary>
internal sealed class SnapshotGate(TimeProvider time) : IDisposable
{
    /// <summary>At a time.</summary>
    public const int Most = 16;

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _places = new(Most);

    public async Task AdmitAsync(Func<Task> write, CancellationToken cancel)
    {
        await _places.WaitAsync(cancel);
        Task writing;
        try
        {
            writing = write();
            await writing.WaitAsync(Slow, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _places.Release();
        }
        await writing;
    }

    public void Dispose() => _places.Dispose();
}
