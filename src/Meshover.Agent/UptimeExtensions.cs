using System.Globalization;

namespace Meshover.Agent;

internal static class UptimeExtensions
{
    /// <summary>
    /// Time since some fixed moment. For all that waits: the wall clock may be set back by hours (a machine whose hardware clock has local
    /// time, until NTP answers), and what waits by it waits as long.
    /// </summary>
    public static TimeSpan Uptime(this TimeProvider time) => time.GetElapsedTime(0);

    /// <summary>The same, but it goes on while the machine is suspended: for what another machine's clock shows by now.</summary>
    public static TimeSpan SinceBoot(this TimeProvider time) => time == TimeProvider.System ? KernelUptime() : time.Uptime();

    // By CLOCK_BOOTTIME (fs/proc/uptime.c), while .NET's clocks stand still in suspend.
    private static TimeSpan KernelUptime() => TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture));
}
