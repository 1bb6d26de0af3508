namespace Meshover.Controller.Api;

/// <summary>Lets some lines through at once and then one each so often: what callers cause must not fill a disk. Thread-safe.</summary>
internal sealed class LogPace(TimeProvider time, int atOnce, TimeSpan every)
{
    private readonly Lock _lock = new();
    private double _left = atOnce;
    private long _seen = time.GetTimestamp();
    private long _held;

    /// <param name="held">How many were held back since the last one.</param>
    public bool TryPass(out long held)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(atOnce, _left + (time.GetElapsedTime(_seen, now) / every));
            _seen = now;
            held = _held;
            if (_left < 1)
            {
                _held++;
                return false;
            }
            _left--;
            _held = 0;
            return true;
        }
    }
}
