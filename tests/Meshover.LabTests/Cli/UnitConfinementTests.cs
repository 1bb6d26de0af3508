using System.Runtime.CompilerServices;

namespace Meshover.LabTests.Cli;

/// <summary>How much a daemon that is broken into could do, by systemd's own measure (systemd-analyze(1), "security").</summary>
public sealed class UnitConfinementTests
{
    // In tenths; 22 and 83 when the bounds were set: a node's daemons change the machine's network, the controller nothing.
    [Theory]
    [InlineData("meshover-controller.service", 30)]
    [InlineData("meshover-console.service", 30)]
    [InlineData("meshover-agent.service", 88)]
    [InlineData("meshover-dataplane.service", 88)]
    [InlineData("meshover-routing.service", 88)]
    [InlineData("meshover-dns.service", 50)]
    public async Task Unit_OfADaemon_IsConfined(string unit, int most)
    {
        var measured = await Programs.RunAsync("systemd-analyze", ["security", "--offline=true", "--no-pager", $"--threshold={most}", Path.Combine(Units(), unit)]);
        Assert.True(measured.ExitCode == 0, measured.Output + measured.Error);
    }

    private static string Units([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../deploy/systemd"));
}
