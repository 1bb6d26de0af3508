using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Agent.Endpoints;

/// <summary>How this machine stands on the underlay.</summary>
/// <param name="Addresses">Its addresses that others may reach it at, IPv6 first.</param>
/// <param name="Mtu">The smallest MTU of the interfaces that carry them and of the routes by them, in bytes.</param>
public sealed record UnderlayState(ImmutableArray<IPAddress> Addresses, int Mtu)
{
    public bool HasIPv4 => Addresses.Any(address => address.AddressFamily == AddressFamily.InterNetwork);
    public bool HasIPv6 => Addresses.Any(address => address.AddressFamily == AddressFamily.InterNetworkV6);

    public bool SameAs(UnderlayState? other) => other is not null && Mtu == other.Mtu && Addresses.SequenceEqual(other.Addresses);
}
