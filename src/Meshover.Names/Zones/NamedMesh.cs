using System.Collections.Immutable;
using System.Net;
using Google.Protobuf;
using Meshover.Contract.V1;

namespace Meshover.Names.Zones;

/// <summary>What of a mesh has a name.</summary>
/// <param name="Revision">Of the map.</param>
/// <param name="Hosts">The oldest first: of two of one name it has the name.</param>
/// <param name="Pools">Of the nodes' addresses: their reverse zones are ours.</param>
public sealed record NamedMesh(long Revision, ImmutableArray<NamedHost> Hosts, ImmutableArray<IPNetwork> Pools)
{
    /// <summary>Addresses that were granted with a name: of services and floating addresses. A name may have several, and an address several names.</summary>
    public ImmutableArray<NamedService> Services { get; init; } = [];

    /// <summary>The map on disk, as the agent keeps it. What of it makes no sense is left out, as the agent does.</summary>
    /// <returns>Null where there is none, or it is damaged.</returns>
    public static NamedMesh? Read(string mapFile)
    {
        try
        {
            return Of(MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(mapFile)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            return null;
        }
    }

    internal static NamedMesh Of(MeshSnapshot map) => new(
        map.Revision,
        [.. map.Nodes.OrderBy(node => node.Id).Where(node => node.Hostname.Length > 0).Select(node => new NamedHost(node.Hostname, Address(node.Address4), Address(node.Address6))
        {
            Further = [.. node.FurtherAddresses.Select(further => Address(further.Address)).OfType<IPAddress>()],
        })],
        [.. new[] { map.Settings?.Pool4, map.Settings?.Pool6 }.Select(Pool).OfType<IPNetwork>()])
    {
        // Several nodes are granted the same one.
        Services = [.. map.Nodes.SelectMany(node => node.Grants).Where(grant => grant.Name.Length > 0).Select(Service).OfType<NamedService>().Distinct()],
    };

    /// <summary>Null: more than one address.</summary>
    private static NamedService? Service(RouteGrant grant) =>
        IPNetwork.TryParse(grant.Prefix, out var prefix) && prefix.PrefixLength == prefix.BaseAddress.GetAddressBytes().Length * 8 ? new NamedService(grant.Name, prefix.BaseAddress) : null;

    private static IPAddress? Address(string text) => IPAddress.TryParse(text, out var address) ? address : null;

    private static IPNetwork? Pool(string? text) => IPNetwork.TryParse(text, out var pool) ? pool : null;
}

/// <param name="HostName">Lower case; one label or more.</param>
public sealed record NamedHost(string HostName, IPAddress? Address4, IPAddress? Address6)
{
    /// <summary>Its node addresses beside these: the name does not lead to them, and they lead to it.</summary>
    public ImmutableArray<IPAddress> Further { get; init; } = [];

    /// <summary>One or two, to which the name leads.</summary>
    public IEnumerable<IPAddress> Addresses => new[] { Address4, Address6 }.OfType<IPAddress>();
}

/// <param name="Name">As a hostname.</param>
public sealed record NamedService(string Name, IPAddress Address);
