using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Endpoints;

namespace Meshover.UnitTests.Mesh;

public sealed class PrefixTableTests
{
    private static readonly PrefixTable<string> Table = Of("0.0.0.0/0", "10.0.0.0/8", "10.64.0.0/16", "10.64.1.1/32", "2001:db8::/32", "2001:db8:1::/48");

    [Theory]
    [InlineData("10.64.1.1", "10.64.1.1/32")]
    [InlineData("10.64.1.2", "10.64.0.0/16")]
    [InlineData("10.65.0.1", "10.0.0.0/8")]
    [InlineData("192.0.2.1", "0.0.0.0/0")]
    [InlineData("2001:db8:1::5", "2001:db8:1::/48")]
    [InlineData("2001:db8:2::5", "2001:db8::/32")]
    [InlineData("2001:db9::1", null)]
    public void TryFind_Address_GivesTheLongestPrefixThatHasIt(string address, string? expected)
    {
        Assert.Equal(expected is not null, Table.TryFind(IPAddress.Parse(address), out var length, out var found));
        Assert.Equal(expected, found);
        Assert.Equal(expected is null ? -1 : IPNetwork.Parse(expected).PrefixLength, length);
    }

    [Theory]
    [InlineData("10.64.1.0/24", "10.64.0.0/16")]
    [InlineData("10.64.0.0/16", "10.64.0.0/16")]
    [InlineData("10.64.0.0/15", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::/0", null)]
    public void TryFind_Network_GivesTheLongestPrefixThatHoldsAllOfIt(string network, string? expected)
    {
        Assert.Equal(expected is not null, Table.TryFind(IPNetwork.Parse(network), out _, out var found));
        Assert.Equal(expected, found);
    }

    [Fact]
    public void TryFind_OnePrefixTwice_TheFirstCounts()
    {
        var table = new PrefixTable<int>([(IPNetwork.Parse("10.0.0.0/8"), 1), (IPNetwork.Parse("10.0.0.0/8"), 2)]);
        Assert.True(table.TryFind(IPAddress.Parse("10.1.1.1"), out _, out var value));
        Assert.Equal(1, value);
    }

    [Fact]
    public void UnderlayRoutes_OfARouterAmongMany_ReachEverything()
    {
        Assert.False(Routes(200).Reach(IPAddress.Parse("192.0.2.1")));
        Assert.True(Routes(300).Reach(IPAddress.Parse("192.0.2.1")));
        Assert.True(Routes(200).SameAs(Routes(200)));
        Assert.False(Routes(200).SameAs(Routes(199)));
    }

    private static UnderlayRoutes Routes(int count) => UnderlayRoutes.To(Enumerable.Range(0, count).Select(i => IPNetwork.Parse($"10.{i / 256}.{i % 256}.0/24")));

    private static PrefixTable<string> Of(params string[] prefixes) => new(prefixes.Select(text => (IPNetwork.Parse(text), text)));
}
