using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Trust;
using Meshover.Linux.Netlink;
using Xunit;

namespace Meshover.UnitTests.Agent.Trust;

public sealed class PoolOverlapTests
{
    private static readonly ImmutableArray<(string, IPNetwork)> Pools =
        [("IPv4 pool", IPNetwork.Parse("10.249.0.0/16")), ("IPv6 pool", IPNetwork.Parse("fd12::/48")), ("tunnel pool", IPNetwork.Parse("198.18.0.0/15"))];

    [Theory]
    [InlineData("192.0.2.1", 24)]
    [InlineData("10.248.255.1", 16)]
    [InlineData("fe80::1", 64)]
    [InlineData("fd13::1", 64)]
    [InlineData("127.0.0.1", 8)]
    public void WhyNot_AddressElsewhere_IsFree(string address, int length) => Assert.Null(WhyNot("eth0", address, length));

    [Theory]
    [InlineData("10.249.7.1", 24, "IPv4 pool 10.249.0.0/16")]
    [InlineData("10.0.0.1", 8, "IPv4 pool 10.249.0.0/16")]
    [InlineData("fd12::5", 128, "IPv6 pool fd12::/48")]
    [InlineData("198.19.1.1", 32, "tunnel pool 198.18.0.0/15")]
    public void WhyNot_AddressOrItsNetworkInAPool_NamesBoth(string address, int length, string pool)
    {
        var reason = WhyNot("eth0", address, length);

        Assert.StartsWith($"The mesh's {pool} overlaps {address}/{length}, which this machine has on eth0:", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("meshover0")]
    [InlineData("meshover-lo")]
    [InlineData("mo-00000002")]
    public void WhyNot_OurOwnInterfaces_DoNotCount(string link) => Assert.Null(WhyNot(link, "10.249.0.1", 32));

    private static string? WhyNot(string link, string address, int length) => PoolOverlap.WhyNot(
        [new LinkInfo { Index = 2, Name = link }],
        [new AddressInfo { LinkIndex = 2, Address = IPAddress.Parse(address), PrefixLength = length }],
        Pools);
}
