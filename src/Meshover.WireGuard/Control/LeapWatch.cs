namespace Meshover.WireGuard.Control;

/// <summary>
/// Notices that the machine has been away: it slept, or is a snapshot of a virtual machine that goes on. The first shows in the time between
/// two looks, the second, once somebody has set its clock right, in the wall clock's way being another than the engine's.
/// </summary>
internal sealed class LeapWatch(TimeProvider wallClock)
{
    // Far more than the control thread is ever kept from looking, and less than sessions live.
    private const long Limit = 30_000;

    private long _lastLook;
    private long _lastWall;

    /// <summary>Looks; at each tick.</summary>
    /// <param name="now">Milliseconds of the engine's clock, above zero.</param>
    public bool HasLeapt(long now)
    {
        var wall = wallClock.GetUtcNow().ToUnixTimeMilliseconds();
        var (passed, wallPassed) = (now - _lastLook, wall - _lastWall);
        var isFirst = _lastLook == 0;
        (_lastLook, _lastWall) = (now, wall);
        return !isFirst && (passed > Limit || Math.Abs(wallPassed - passed) > Limit);
    }
}
