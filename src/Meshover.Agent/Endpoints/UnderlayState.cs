using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Endpoints;

/// <summary>How this machine stands on the underlay.</summary>
/// <param name="Addresses">Its addresses that others may reach it at, IPv6 first.</param>
/// <param name="Mtu">The smallest MTU of the interfaces that carry them and of the routes by them, in bytes.</param>
public sealed record UnderlayState(ImmutableArray<IPAddress> Addresses, int Mtu)
{
    /// <summary>
    /// Its other addresses: no place to call it (temporary, deprecated, of interfaces that are none of the underlay), but a connection may
    /// come from them.
    /// </summary>
    public ImmutableArray<IPAddress> Others { get; init; } = [];

    public bool HasIPv4 => Addresses.Any(address => address.AddressFamily == AddressFamily.InterNetwork);
    public bool HasIPv6 => Addresses.Any(address => address.AddressFamily == AddressFamily.InterNetworkV6);
    public bool HasGlobalIPv6 => Addresses.Any(address => address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6UniqueLocal: false });

    /// <summary>What it has routes to.</summary>
    public UnderlayRoutes Routes { get; init; } = UnderlayRoutes.Everywhere;

    /// <summary>How it reaches what it announces.</summary>
    public ImmutableArray<AnnouncedReach> Announced { get; init; } = [];

    /// <summary>Indexes of the interfaces that carry the addresses.</summary>
    public ImmutableHashSet<int> Links { get; init; } = [];

    public bool SameAs(UnderlayState? other) => other is not null && Mtu == other.Mtu && Addresses.SequenceEqual(other.Addresses)
        && Others.SequenceEqual(other.Others) && Routes.SameAs(other.Routes) && Announced.SequenceEqual(other.Announced) && Links.SetEquals(other.Links);
}
