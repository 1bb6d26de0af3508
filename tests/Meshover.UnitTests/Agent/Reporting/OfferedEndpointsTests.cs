using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reporting;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class OfferedEndpointsTests
{
    [Fact]
    public void Of_FewAddresses_OffersAllAsTheyCame() =>
        Assert.Equal(["2001:db8::1", "192.0.2.1"], Offered([], "2001:db8::1", "192.0.2.1"));

    [Fact]
    public void Of_TooMany_KeepsTheOperatorsChoice_BothFamilies_AndTheFirstOfEachNetwork()
    {
        string[] many = [.. Enumerable.Range(1, 80).Select(n => $"2001:db8::{n:x}"), .. Enumerable.Range(1, 80).Select(n => $"192.0.2.{n}"), "198.51.100.1", "2001:db8:1::1"];

        var offered = Offered(["203.0.113.5:1"], [.. many]);

        Assert.Equal(OfferedEndpoints.Most, offered.Count);
        Assert.Equal("203.0.113.5", offered[0]);
        Assert.All(new[] { "2001:db8::1", "192.0.2.1", "198.51.100.1", "2001:db8:1::1" }, address => Assert.Contains(address, offered));
        Assert.InRange(offered.Count(address => address.Contains(':', StringComparison.Ordinal)), 31, 32);
        Assert.Equal(offered.Skip(1).OrderBy(address => Array.IndexOf(many, address)), offered.Skip(1));
    }

    [Fact]
    public void Of_TooManyConfigured_OffersThoseThatTheControllerTakes() =>
        Assert.Equal(OfferedEndpoints.Most, Offered([.. Enumerable.Range(1, 70).Select(port => $"203.0.113.5:{port}")], "192.0.2.1").Count);

    [Fact]
    public void LeftOut_IsSaidWhereThereAreTooMany()
    {
        Assert.Null(OfferedEndpoints.LeftOut(1, 63));
        Assert.Contains("72 underlay addresses", OfferedEndpoints.LeftOut(0, 72), StringComparison.Ordinal);
    }

    private static List<string> Offered(string[] configured, params ImmutableArray<string> found) =>
        [.. OfferedEndpoints.Of(configured.Select(IPEndPoint.Parse), [.. found.Select(IPAddress.Parse)], 12912).Select(offered => offered.EndPoint.Address.ToString())];
}
