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
    // A monitor, as Flush waits for its pulse.
    private readonly object _monitor = new();
    private bool _isBusy;
    private T? _next;

    /// <summary>Has it written, soon. False: what was to be written before still is not.</summary>
    public bool Write(T content)
    {
        lock (_monitor)
        {
            _next = content;
            if (_isBusy)
                return false;
            _isBusy = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.WriteAll(), this, preferLocal: false);
        return true;
    }

    /// <summary>Waits until everything is written. False: the disk has not done it within that time.</summary>
    public bool Flush(TimeSpan atMost)
    {
        lock (_monitor)
            return !_isBusy || (Monitor.Wait(_monitor, atMost) && !_isBusy);
    }

    private void WriteAll()
    {
        while (TakeNext() is { } content)
            write(content);
    }

    private T? TakeNext()
    {
        lock (_monitor)
        {
            var next = _next;
            _next = null;
            _isBusy = next is not null;
            if (!_isBusy)
                Monitor.PulseAll(_monitor);
            return next;
        }
    }
}
