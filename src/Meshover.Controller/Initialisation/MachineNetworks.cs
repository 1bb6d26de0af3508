using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Initialisation;

/// <summary>An address that the machine has, and the network that it is in.</summary>
internal sealed record MachineNetwork(string Interface, IPAddress Address, IPNetwork Network);

/// <summary>The addresses of this machine.</summary>
internal static class MachineNetworks
{
    public static ImmutableArray<MachineNetwork> Read() =>
    [
        .. from nic in NetworkInterface.GetAllNetworkInterfaces()
           from unicast in nic.GetIPProperties().UnicastAddresses
           select new MachineNetwork(nic.Name, unicast.Address, Prefixes.Containing(new IPAddress(unicast.Address.GetAddressBytes()), unicast.PrefixLength)),
    ];

    /// <summary>Addresses at which other machines may reach this one; IPv6 first.</summary>
    public static ImmutableArray<string> GlobalAddresses(IEnumerable<MachineNetwork> networks, int port) =>
    [
        .. networks
            .Where(network => !IPAddress.IsLoopback(network.Address) && !network.Address.IsIPv6LinkLocal && !IsLinkLocal4(network.Address))
            .OrderByDescending(network => network.Address.AddressFamily == AddressFamily.InterNetworkV6)
            .Select(network => new HostPort(network.Address.ToString(), port).ToString())
            .Distinct(StringComparer.Ordinal),
    ];

    // RFC 3927.
    private static bool IsLinkLocal4(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, _, _];
}
