namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// The engine's time: milliseconds, monotonic, above zero. Read once a batch. Programs give it <see cref="Io.BootTime"/>, so that it goes on
/// while the machine sleeps.
/// </summary>
internal sealed class EngineClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly long _perMillisecond = Math.Max(time.TimestampFrequency / 1000, 1);

    public long Now => ((time.GetTimestamp() - _start) / _perMillisecond) + 1;
}
