using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent;

/// <summary>A machine whose wall clock is set, as NTP does; timers and timestamps go on as before.</summary>
internal sealed class SettableClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private TimeSpan _set;

    public void SetBack(TimeSpan by) => _set -= by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _set;

    // Its own is made of the wall clock's time.
    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
