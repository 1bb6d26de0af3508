namespace Meshover.WireGuard.Pipeline;

/// <summary>The engine's time: milliseconds, monotonic, above zero. Read once a batch.</summary>
internal sealed class EngineClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly long _perMillisecond = Math.Max(time.TimestampFrequency / 1000, 1);

    public long Now => ((time.GetTimestamp() - _start) / _perMillisecond) + 1;
}
