namespace Meshover.LabTests.WireGuard;

/// <summary>A clock that runs faster than the world's: two minutes pass in some seconds. The wall clock stays right.</summary>
internal sealed class QuickTime(int factor) : TimeProvider
{
    private readonly long _start = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => _start + ((System.GetTimestamp() - _start) * factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime / factor, period / factor);
}
