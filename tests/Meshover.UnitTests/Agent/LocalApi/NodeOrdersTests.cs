using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.LocalApi;
using Meshover.Contract.V1;
using Xunit;

namespace Meshover.UnitTests.Agent.LocalApi;

/// <summary>An order says what the settings could say, and no more.</summary>
public sealed class NodeOrdersTests
{
    [Fact]
    public void Order_IsReadAsTheSettingsAre()
    {
        var read = AnnouncementReader.ReadOne(NodeOrders.Declaration(new AnnounceOrder { Prefix = "10.9.0.1/32", Mode = "active-standby", Priority = 200, Routed = true }));
        Assert.Equal(("10.9.0.1/32", AnnounceMode.ActiveStandby, 200, false), ($"{read.Prefix}", read.Mode, read.Priority, read.HoldsAddress));
        Assert.Null(read.Check);
        var plain = AnnouncementReader.ReadOne(NodeOrders.Declaration(new AnnounceOrder { Prefix = "fd00:9::/64" }));
        Assert.Equal(("fd00:9::/64", AnnounceMode.Plain, true), ($"{plain.Prefix}", plain.Mode, plain.HoldsAddress));
    }

    /// <summary>Who orders cannot have a node run a program, nor ask a URL.</summary>
    [Theory]
    [InlineData("10.9.0.1/32', check: 'cmd:reboot")]
    [InlineData("10.9.0.1/32\ncheck: cmd:reboot")]
    [InlineData("10.9.0.1/32}\n{check: 'cmd:reboot'")]
    public void Order_WithACheckHiddenInItsPrefix_IsNoAnnouncement(string prefix) =>
        Assert.Throws<FormatException>(() => AnnouncementReader.ReadOne(NodeOrders.Declaration(new AnnounceOrder { Prefix = prefix, Mode = "plain" })));
}
