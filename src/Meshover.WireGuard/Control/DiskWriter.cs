namespace Meshover.WireGuard.Control;

/// <summary>
/// Writes something down on another thread, for the control thread must never wait for a disk: one that stalls would hold up handshakes and
/// timers, and may be one that is reached through this very mesh. Only the newest content matters; one that comes while another is being
/// written is written after it.
/// </summary>
/// <param name="write">Writes. Reports its own failures and does not throw.</param>
internal sealed class DiskWriter<T>(Action<T> write)
    where T : class
{
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private T? _next;

    /// <summary>Has it written, soon. False: what was to be written before still is not.</summary>
    public bool Write(T content)
    {
        lock (_lock)
        {
            _next = content;
            if (!_idle.IsSet)
                return false;
            _idle.Reset();
        }
        ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.WriteAll(), this, preferLocal: false);
        return true;
    }

    /// <summary>Waits until everything is written. False: the disk has not done it within that time.</summary>
    public bool Flush(TimeSpan atMost) => _idle.Wait(atMost);

    private void WriteAll()
    {
        while (TakeNext() is { } content)
            write(content);
    }

    private T? TakeNext()
    {
        lock (_lock)
        {
            var next = _next;
            _next = null;
            if (next is null)
                _idle.Set();
            return next;
        }
    }
}
