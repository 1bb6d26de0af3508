using System.Net;
using Meshover.Agent.Endpoints;
using Meshover.Linux.Netlink;

namespace Meshover.UnitTests.Agent.Endpoints;

public sealed class UnderlayDiscoveryTests : IDisposable
{
    private readonly FakeMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Find_OrdinaryMachine_GivesItsGlobalAddressesIPv6First()
    {
        _machine.Add("lo", "", flags: LinkFlags.Loopback, "127.0.0.1/8", "::1/128");
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24", "2001:db8::1/64", "fe80::1/64");
        Assert.Equal("2001:db8::1 192.0.2.1", Found(UnderlaySurroundings.None));
    }

    [Theory]
    [InlineData("docker0", "bridge")]
    [InlineData("br0", "bridge")]
    [InlineData("cali1234", "veth")]
    [InlineData("tailscale0", "tun")]
    [InlineData("wg0", "wireguard")]
    [InlineData("mo-00000002", "tun")]
    [InlineData("meshover-lo", "dummy")]
    public void Find_InterfacesOfOthersAndOurOwn_AreNoUnderlay(string name, string kind)
    {
        _machine.Add(name, kind, LinkFlags.None, "172.17.0.1/16");
        Assert.Equal("", Found(UnderlaySurroundings.None));
    }

    [Fact]
    public void Find_NameThatOnlyBeginsLikeOneOfOurs_IsTheUnderlay()
    {
        _machine.Add("mo-uplink", "", LinkFlags.None, "192.0.2.1/24");
        Assert.Equal("192.0.2.1", Found(UnderlaySurroundings.None));
    }

    [Fact]
    public void Find_BridgeWithTheDefaultRoute_IsTheUnderlay()
    {
        _machine.Add("br0", "bridge", LinkFlags.None, "192.0.2.1/24");
        _machine.DefaultBy("br0");
        Assert.Equal("192.0.2.1", Found(UnderlaySurroundings.None));
    }

    [Fact]
    public void Find_InterfacesNamedByTheOperator_AreTheOnlyOnes()
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("docker0", "bridge", LinkFlags.None, "172.17.0.1/16");
        Assert.Equal("172.17.0.1", Found(UnderlaySurroundings.None, "docker0"));
    }

    [Fact]
    public void Find_WhatLiesBehindTheNode_IsLeftOut()
    {
        _machine.Add("eth0", "veth", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("wl", "veth", LinkFlags.None, "10.64.1.1/24");
        Assert.Equal("192.0.2.1", Found(Behind("10.64.1.0/24")));
    }

    [Fact]
    public void Find_NodeAnnouncesThePrefixThatItStandsIn_StaysReachable()
    {
        _machine.Add("eth0", "veth", LinkFlags.None, "192.0.2.1/24");
        Assert.Equal("192.0.2.1", Found(Behind("192.0.0.0/16") with { Members = [IPAddress.Parse("192.0.2.100")] }));
    }

    [Theory]
    [InlineData(AddressFlags.Tentative)]
    [InlineData(AddressFlags.DadFailed)]
    [InlineData(AddressFlags.Deprecated)]
    [InlineData(AddressFlags.Temporary)]
    public void Find_AddressThatWillNotLast_IsLeftOut(AddressFlags flags)
    {
        _machine.Add("eth0", "", LinkFlags.None, "2001:db8::1/64");
        _machine.Flag(flags);
        Assert.Equal("", Found(UnderlaySurroundings.None));
    }

    [Fact]
    public void Find_SeveralInterfaces_TakesTheSmallestMtu()
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("ppp0", "", LinkFlags.None, "198.51.100.1/32");
        _machine.SetMtu("ppp0", 1492);
        Assert.Equal(1492, UnderlayDiscovery.Find(_machine, [], UnderlaySurroundings.None).Mtu);
    }

    [Theory]
    [InlineData("192.0.2.1/24", 1500)]
    [InlineData("2001:db8::1/64", 1480)]
    public void Find_RouterAdvertisesAnMtu_CountsForIpv6(string address, int mtu)
    {
        _machine.Add("eth0", "", LinkFlags.None, address);
        _machine.SetIpv6Mtu("eth0", 1480);
        Assert.Equal(mtu, UnderlayDiscovery.Find(_machine, [], UnderlaySurroundings.None).Mtu);
    }

    [Theory]
    [InlineData("0.0.0.0/0", 1, 1400)]
    [InlineData("203.0.113.0/24", 1, 1400)]
    [InlineData("198.51.100.0/24", 1, 1500)] // nobody there
    [InlineData("0.0.0.0/0", 2, 1500)] // by a link that is not of the underlay
    public void Find_RouteWithAnMtu_CountsWhereItLeadsToOthers(string destination, int link, int mtu)
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("mo-00000002", "tun", LinkFlags.None);
        _machine.Add(new RouteInfo { Destination = IPNetwork.Parse(destination), OutputLink = link, Mtu = 1400 });
        var surroundings = new UnderlaySurroundings([], [IPAddress.Parse("203.0.113.7")]);
        Assert.Equal(mtu, UnderlayDiscovery.Find(_machine, [], surroundings).Mtu);
    }

    private static UnderlaySurroundings Behind(string prefix) => new([IPNetwork.Parse(prefix)], []);

    private string Found(UnderlaySurroundings surroundings, params string[] named) =>
        string.Join(' ', UnderlayDiscovery.Find(_machine, [.. named], surroundings).Addresses);
}
