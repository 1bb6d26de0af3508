using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Initialisation;

/// <summary>An address that the machine has, and the network that it is in.</summary>
internal sealed record MachineNetwork(string Interface, IPAddress Address, IPNetwork Network);

/// <summary>The addresses of this machine.</summary>
internal static partial class MachineNetworks
{
    private const string Inet6 = "/proc/net/if_inet6";

    // include/uapi/linux/if_addr.h
    private const int Temporary = 0x01;
    private const int Deprecated = 0x20;

    /// <summary>All of them but those that pass: an IPv6 address made for a day is another tomorrow.</summary>
    public static ImmutableArray<MachineNetwork> Read() => Read(File.Exists(Inet6) ? PassingOf(File.ReadLines(Inet6)) : []);

    private static ImmutableArray<MachineNetwork> Read(HashSet<IPAddress> passing) =>
    [
        .. from nic in NetworkInterface.GetAllNetworkInterfaces()
           from unicast in nic.GetIPProperties().UnicastAddresses
           where !passing.Contains(new IPAddress(unicast.Address.GetAddressBytes()))
           select new MachineNetwork(nic.Name, unicast.Address, Prefixes.Containing(new IPAddress(unicast.Address.GetAddressBytes()), unicast.PrefixLength)),
    ];

    /// <summary>Addresses at which other machines may reach this one; IPv6 first. Those of the machine's own virtual networks are none.</summary>
    public static ImmutableArray<string> GlobalAddresses(IEnumerable<MachineNetwork> networks, int port) =>
    [
        .. networks
            .Where(network => !IPAddress.IsLoopback(network.Address) && !network.Address.IsIPv6LinkLocal && !IsLinkLocal4(network.Address) && !OfGuests().IsMatch(network.Interface))
            .OrderByDescending(network => network.Address.AddressFamily == AddressFamily.InterNetworkV6)
            .Select(network => new HostPort(network.Address.ToString(), port).ToString())
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>The temporary and deprecated addresses (RFC 8981, RFC 4862) of the kernel's table: address, index, length, scope, flags, name.</summary>
    internal static HashSet<IPAddress> PassingOf(IEnumerable<string> table) =>
    [
        .. table.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 6 && (Convert.ToInt32(words[4], 16) & (Temporary | Deprecated)) != 0)
            .Select(words => new IPAddress(Convert.FromHexString(words[0]))),
    ];

    // Bridges of Docker, Podman, libvirt, LXC and Kubernetes: behind them are this machine's own guests.
    [GeneratedRegex("^(docker[0-9]+|br-[0-9a-f]{12}|podman[0-9]+|virbr[0-9]+|lxcbr[0-9]+|lxdbr[0-9]+|cni[0-9]+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OfGuests();

    // RFC 3927.
    private static bool IsLinkLocal4(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, _, _];
}
