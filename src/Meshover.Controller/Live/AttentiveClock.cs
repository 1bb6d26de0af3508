using System.Runtime.InteropServices;

namespace Meshover.Controller.Live;

/// <summary>
/// Time in which the controller was there to listen. A controller that was stopped, starved or asleep for a while has heard nobody, and must not say of
/// anybody that he was silent: so this clock stands still meanwhile. <see cref="Attention"/> looks at it each second; of a longer gap between two
/// looks only a second counts. Thread-safe.
/// </summary>
internal sealed class AttentiveClock(TimeProvider time)
{
    /// <summary>A gap up to so long is a busy machine's ordinary one.</summary>
    public static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(5);

    /// <summary>How often somebody must look.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly Lock _looking = new();
    private long _last = time.GetTimestamp();
    private TimeSpan _now;

    /// <summary>Since its making.</summary>
    public TimeSpan Now
    {
        get
        {
            lock (_looking)
            {
                var stamp = time.GetTimestamp();
                var gap = time.GetElapsedTime(_last, stamp);
                _last = stamp;
                return _now += gap <= LongestGap ? gap : Beat;
            }
        }
    }
}

/// <summary>A wall clock's time and the <see cref="AttentiveClock"/>'s.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Moment(DateTimeOffset Wall, TimeSpan Attentive);
