using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.UnitTests.Agent.Endpoints;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class KernelObserverTests
{
    [Theory]
    [InlineData("/nonexistent/nft")]
    [InlineData("false")]
    [InlineData("true")] // ends well, and prints no JSON
    public async Task Observe_NftDoesNotWork_SeesEverythingElse(string nft)
    {
        using var machine = new FakeMachine();
        machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        var observer = new KernelObserver(machine, new NoSysctls(), new Firewall(new Nft(program: nft), generation: null));
        var plan = KernelScene.Plan();

        var state = await observer.ObserveAsync(KernelDiff.NamesOf(plan), FirewallDocument.Of(plan), TestContext.Current.CancellationToken);

        Assert.False(state.FirewallStands);
        Assert.Equal("192.0.2.1/24", Assert.Single(state.Addresses).ToString());
    }

    private sealed class NoSysctls : ISysctls
    {
        public string? TryRead(string key) => null;

        public void Write(string key, string value) => throw new NotSupportedException();
    }
}
