using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.UnitTests.Mesh;

/// <summary>Meshes to test with: node n has id n, 10.249.0.n, AS 4200000000 + n, and both families on the underlay.</summary>
internal static class TestMesh
{
    public static readonly MeshSettings Settings = new()
    {
        Pool4 = IPNetwork.Parse("10.249.0.0/16"),
        Pool6 = IPNetwork.Parse("fd12:3456:789a::/48"),
        TunnelPool = IPNetwork.Parse("198.18.0.0/15"),
        Controllers = ["192.0.2.100:12913"],
        CaPins = ["pin"],
    };

    public static MeshMap Of(params MeshNode[] nodes) => new()
    {
        StoreId = "store",
        Revision = 7,
        Settings = Settings,
        Nodes = nodes.ToImmutableSortedDictionary(node => node.Id, node => node),
    };

    public static MeshMap Full(int count) => Of([.. Enumerable.Range(1, count).Select(n => Node((uint)n))]);

    public static MeshNode Node(uint id) => new()
    {
        Id = new NodeId(id),
        HostName = $"n{id}",
        WireGuardKeys = [Key(id)],
        Address4 = IPAddress.Parse($"10.249.{id >> 8}.{id & 255}"),
        Address6 = IPAddress.Parse($"fd12:3456:789a::{id:x}"),
        TunnelAddress = IPAddress.Parse($"198.18.{id >> 8}.{id & 255}"),
        Asn = new Asn(4_200_000_000 + id),
        Endpoints = [At($"[2001:db8::{id:x}]:12912"), At($"192.0.2.{id & 255}:12912")],
    };

    public static MeshNode Granted(this MeshNode node, params string[] prefixes) =>
        node with { Grants = [.. prefixes.Select(prefix => new RouteGrant(IPNetwork.Parse(prefix)))] };

    public static MeshNode GrantedToGather(this MeshNode node, params string[] prefixes) =>
        node with { Grants = [.. prefixes.Select(prefix => new RouteGrant(IPNetwork.Parse(prefix)) { MayGather = true })] };

    /// <summary>With further addresses.</summary>
    public static MeshNode With(this MeshNode node, params string[] addresses) =>
        node with { FurtherAddresses = [.. addresses.Select(address => new FurtherAddress(IPAddress.Parse(address), ""))] };

    public static MeshNode Resting(this MeshNode node, params string[] addresses) => node with { RestingAddresses = [.. addresses.Select(IPAddress.Parse)] };

    public static EndpointCandidate At(string endpoint, EndpointSource source = EndpointSource.Interface) => new(IPEndPoint.Parse(endpoint), source);

    private static WireGuardPublicKey Key(uint id)
    {
        var bytes = new byte[WireGuardPublicKey.Length];
        BitConverter.TryWriteBytes(bytes, id);
        return new WireGuardPublicKey(bytes);
    }
}
