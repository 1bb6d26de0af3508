using System.Globalization;
using Meshover.WireGuard.Io;

namespace Meshover.UnitTests.WireGuard.Io;

public sealed class BootTimeTests
{
    // proc(5): the first figure is the time since boot, with what the machine slept.
    [Fact]
    public void GetTimestamp_IsTheTimeSinceBootWithSleep()
    {
        var before = Uptime();
        var now = BootTime.Instance.GetElapsedTime(0).TotalSeconds;

        Assert.InRange(now, before - 0.01, Uptime() + 0.01);
    }

    private static double Uptime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
}
