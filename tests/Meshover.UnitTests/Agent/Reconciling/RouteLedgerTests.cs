using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Xunit;
using static Meshover.UnitTests.Agent.Reconciling.KernelScene;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class RouteLedgerTests
{
    private static readonly RouteInfo Known = Route("10.1.0.0/16", via: "192.0.2.9");
    private readonly RouteLedger _ledger = new();

    public RouteLedgerTests() => _ledger.Fill([Known, Route("0.0.0.0/0", via: "192.0.2.254"), Route("10.0.0.0/8", via: "192.0.2.8")]);

    [Fact]
    public void TryApply_NewSaidAgainAndGone_FollowsAndKnowsWhenItDoesNot()
    {
        var route = Route("10.2.0.0/16", via: "192.0.2.9");
        Assert.True(_ledger.TryApply(new RouteChangeEvent(route, Deleted: false)));
        Assert.True(_ledger.TryApply(new RouteChangeEvent(route, Deleted: false)));
        Assert.Equal([route], _ledger.Of(RouteGroup.Of(route)));

        Assert.True(_ledger.TryApply(new RouteChangeEvent(route, Deleted: true)));
        Assert.Empty(_ledger.Of(RouteGroup.Of(route)));
        Assert.False(_ledger.TryApply(new RouteChangeEvent(route, Deleted: true)));
    }

    [Fact]
    public void TryApply_Replaced_StandsInItsPlace()
    {
        var other = Known with { Gateway = IPAddress.Parse("192.0.2.7") };
        Assert.True(_ledger.TryApply(new RouteChangeEvent(other, Deleted: false) { IsReplacement = true }));
        Assert.Equal([other], _ledger.Of(RouteGroup.Of(Known)));
    }

    [Fact]
    public void TryApply_BesideOneOfTheSameMetric_IsNotTold()
    {
        Assert.False(_ledger.TryApply(new RouteChangeEvent(Known with { Gateway = IPAddress.Parse("192.0.2.7") }, Deleted: false)));
        Assert.True(_ledger.TryApply(new RouteChangeEvent(Known with { Gateway = IPAddress.Parse("192.0.2.7"), Metric = 5 }, Deleted: false)));
        Assert.Equal(2, _ledger.Of(RouteGroup.Of(Known)).Count);
    }

    [Fact]
    public void Covering_AnAddress_FindsEachPrefixAroundIt() =>
        Assert.Equal(
            ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"],
            _ledger.Covering(IPAddress.Parse("10.1.2.3")).Select(group => group.Destination.ToString()).Order(StringComparer.Ordinal));
}
