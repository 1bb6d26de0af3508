using System.Net;
using Meshover.Agent.Endpoints;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Planning;

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
    [InlineData("ovn-k8s-mp0", "openvswitch")]
    [InlineData("antrea-gw0", "")]
    [InlineData("weave", "")]
    [InlineData("genev_sys_6081", "")]
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
    public void Find_AddressesThatAreNoPlaceToCall_AreToldAsTheMachinesOwn()
    {
        _machine.Add("lo", "", LinkFlags.Loopback, "127.0.0.1/8", "203.0.113.7/32");
        _machine.Add("docker0", "bridge", LinkFlags.None, "172.17.0.1/16");
        _machine.Add("mo-00000002", "tun", LinkFlags.None, "10.249.0.1/32");
        _machine.Add("eth1", "", LinkFlags.None, "192.168.7.1/24");
        _machine.Add("eth0", "", LinkFlags.None, "2001:db8::1/64", "2001:db8::7e3f/64");
        _machine.Flag(AddressFlags.Temporary);
        _machine.DefaultBy("eth0");

        var found = UnderlayDiscovery.Find(_machine, ["eth0"], UnderlaySurroundings.None);

        Assert.Equal(["2001:db8::1"], found.Addresses.Select(address => address.ToString()));
        Assert.Equal(["2001:db8::7e3f", "203.0.113.7", "192.168.7.1"], found.Others.Select(address => address.ToString()));
        Assert.False(found.SameAs(found with { Others = [] }));
    }

    [Fact]
    public void Find_SeveralInterfaces_TakesTheSmallestMtu()
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("ppp0", "", LinkFlags.None, "198.51.100.1/32");
        _machine.SetMtu("ppp0", 1492);
        Assert.Equal(1492, UnderlayDiscovery.Find(_machine, [], UnderlaySurroundings.None).Mtu);
    }

    [Fact]
    public void Find_LinkWithoutCarrier_ReachesNobody()
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Cut("eth0", LinkFlags.Up);
        Assert.Equal("", Found(UnderlaySurroundings.None));
    }

    [Fact]
    public void Find_Routes_AreTheMachinesOwnByLinksThatCarry()
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("eth1", "", LinkFlags.None, "198.51.100.1/24");
        _machine.Add("mo-00000002", "tun", LinkFlags.None, "fe80::1/64");
        _machine.RouteBy("eth0", "192.0.2.0/24");
        _machine.RouteBy("eth0", "0.0.0.0/0", RouteProtocols.Dhcp);
        _machine.RouteBy("eth1", "198.51.100.0/24");
        _machine.RouteBy("eth0", "fe80::/64");
        _machine.RouteBy("mo-00000002", "2001:db8::/32");
        _machine.Cut("eth1", LinkFlags.Up);
        var found = UnderlayDiscovery.Find(_machine, [], UnderlaySurroundings.None);
        Assert.True(found.Routes.SameAs(UnderlayRoutes.To([IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("0.0.0.0/0")])));
        Assert.Equal([1], found.Links);
    }

    [Fact]
    public void Find_Announced_IsReachedByTheLongestRouteThatHoldsItAll()
    {
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        _machine.Add("lan0", "", LinkFlags.None, "10.64.1.1/24");
        _machine.RouteBy("eth0", "0.0.0.0/0");
        _machine.RouteBy("lan0", "10.64.1.0/24");
        Assert.Equal(new AnnouncedReach(Lan, 24, "", IsLost: false), Reach(Lan));
        Assert.Equal(new AnnouncedReach(IPNetwork.Parse("10.64.0.0/16"), 0, "", IsLost: false), Reach(IPNetwork.Parse("10.64.0.0/16")));

        _machine.RemoveRoutes();
        _machine.RouteBy("eth0", "0.0.0.0/0");
        _machine.Cut("lan0", null);
        Assert.Equal(new AnnouncedReach(Lan, 0, "lan0", IsLost: false), Reach(Lan));
        _machine.RemoveRoutes();
        Assert.Equal(-1, Reach(Lan).RouteLength);
    }

    private static readonly IPNetwork Lan = IPNetwork.Parse("10.64.1.0/24");

    private AnnouncedReach Reach(IPNetwork prefix) =>
        Assert.Single(UnderlayDiscovery.Find(_machine, [], UnderlaySurroundings.None with { Announced = [prefix] }).Announced);

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
