using Meshover.Linux.Interop;

namespace Meshover.Linux.Clocks;

/// <summary>The kernel's clock that goes on while the machine is suspended (CLOCK_BOOTTIME, clock_gettime(2)).</summary>
public static class BootClock
{
    private const int Monotonic = 1;
    private const int BootTime = 7;

    /// <summary>How long the machine has been suspended since it booted; as good as nothing where it never was.</summary>
    public static TimeSpan Asleep() => Read(BootTime) - Read(Monotonic);

    private static unsafe TimeSpan Read(int clock)
    {
        var now = stackalloc long[2];
        return Libc.GetTime(clock, now) == 0 ? TimeSpan.FromSeconds(now[0]) + TimeSpan.FromTicks(now[1] / TimeSpan.NanosecondsPerTick) : TimeSpan.Zero;
    }
}
