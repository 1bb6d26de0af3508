using Meshover.LabTests.Linux;
using Meshover.LabTests.WireGuard;

namespace Meshover.LabTests.Kernel;

/// <summary>This machine's kernel has what is wanted of it later.</summary>
public sealed class LaterKindsTests
{
    [Fact]
    public async Task Kernel_Here_HasVrfAndMpls()
    {
        using var here = new TestNamespace();
        await Shell.RunAsync("modprobe", "-a", "vrf", "mpls_router", "mpls_iptunnel");
        string[] inside = ["netns", "exec", here.Name];

        await Shell.RunAsync("ip", "-n", here.Name, "link", "add", "blue", "type", "vrf", "table", "10");
        await Shell.RunAsync("ip", [.. inside, "sysctl", "-qw", "net.mpls.platform_labels=1000"]);
        await Shell.RunAsync("ip", "-n", here.Name, "-M", "route", "add", "100", "dev", "lo");

        Assert.Contains("vrf table 10", await Shell.RunAsync("ip", "-n", here.Name, "-d", "link", "show", "blue"), StringComparison.Ordinal);
        Assert.Contains("100 dev lo", await Shell.RunAsync("ip", "-n", here.Name, "-M", "route"), StringComparison.Ordinal);
    }
}
