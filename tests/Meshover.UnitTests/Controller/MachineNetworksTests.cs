using System.Net;
using Meshover.Controller.Initialisation;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class MachineNetworksTests
{
    [Fact]
    public void GlobalAddresses_OfTheMachinesGuests_AreNotNamed()
    {
        var networks = new[]
        {
            At("eth0", "192.0.2.1"), At("br-lan", "198.51.100.1"), At("docker0", "172.17.0.1"), At("br-0123456789ab", "172.18.0.1"), At("virbr0", "192.168.122.1"),
            At("lo", "127.0.0.1"), At("eth0", "fe80::1"), At("eth0", "2001:db8::1"), At("eth1", "169.254.0.1"),
        };
        Assert.Equal(["[2001:db8::1]:12913", "192.0.2.1:12913", "198.51.100.1:12913"], MachineNetworks.GlobalAddresses(networks, 12913));
    }

    // /proc/net/if_inet6; 0x80 is permanent, 0x01 temporary, 0x20 deprecated, 0x100 managed.
    [Fact]
    public void Addresses_ThatPass_AreTheTemporaryAndTheDeprecatedOnes() => Assert.Equal(
        [IPAddress.Parse("2001:db8::2"), IPAddress.Parse("2001:db8::3")],
        MachineNetworks.PassingOf(
        [
            "20010db8000000000000000000000001 02 40 00 80     eth0",
            "20010db8000000000000000000000002 02 40 00 01     eth0",
            "20010db8000000000000000000000003 02 40 00 20     eth0",
            "20010db8000000000000000000000004 02 40 00 100    eth0",
        ]).Order(Comparer<IPAddress>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))));

    private static MachineNetwork At(string nic, string address) => new(nic, IPAddress.Parse(address), new IPNetwork(IPAddress.Parse(address), address.Contains(':', StringComparison.Ordinal) ? 128 : 32));
}
