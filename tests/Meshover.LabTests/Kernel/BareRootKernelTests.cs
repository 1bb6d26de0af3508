using Meshover.LabTests.Systemd;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// What <see cref="BareRootTests"/> does, on machines of Debian's kernel, whose own WireGuard and GRE carry the packets. Emulated, each package takes a minute or more
/// to install: so it runs by name only, in <c>lab/vm/boot</c>.
/// </summary>
public sealed class BareRootKernelTests
{
    [Fact(Explicit = true)]
    public Task Readme_OnBareDebiansWithTheirKernel_InstallsJoinsUpgradesAndLeavesNothing() =>
        new BareLife(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken) { IsInKernel = true }.RunAsync();
}
