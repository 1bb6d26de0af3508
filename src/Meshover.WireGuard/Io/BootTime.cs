using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary>
/// The system's time, whose timestamps also run while the machine sleeps (CLOCK_BOOTTIME; .NET's own stand still then). Keys must age in
/// the world's time: the peers' do.
/// </summary>
public sealed partial class BootTime : TimeProvider
{
    private const int ClockBoottime = 7;

    public static readonly BootTime Instance = new();

    private BootTime() { }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp()
    {
        if (GetTime(ClockBoottime, out var time) != 0)
            throw new IoException("read the clock", Marshal.GetLastSystemError());
        return (time.Seconds * TimestampFrequency) + time.Nanoseconds;
    }

    // Read once a batch, without entering the kernel (vdso(7)).
    [LibraryImport("libc", EntryPoint = "clock_gettime"), SuppressGCTransition]
    private static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>struct timespec of 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
