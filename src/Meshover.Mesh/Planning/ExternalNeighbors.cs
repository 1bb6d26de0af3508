using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Planning;

/// <summary>What the mesh says to the routers outside of it that a node's operator declares.</summary>
internal static class ExternalNeighbors
{
    /// <summary>Those that can be spoken to.</summary>
    public static ImmutableArray<ExternalNeighbor> Usable(MeshMap map, MeshNode me, NodeSettings settings) =>
        [.. settings.Neighbors.Where(neighbor => Problem(map, me, neighbor) is null)];

    /// <summary>Why others are left out, one sentence each.</summary>
    public static IEnumerable<Finding> Warnings(MeshMap map, MeshNode me, NodeSettings settings)
    {
        foreach (var neighbor in settings.Neighbors)
        {
            if ((settings.Routing ? Problem(map, me, neighbor) : "this node has no routing (routing: off, or frr-backend: none)") is { } why)
                yield return new Finding(FindingKinds.NeighborUnusable, neighbor.Name, $"The neighbour {neighbor.Name} is not spoken to: {why}.");
        }
    }

    /// <summary>
    /// What may be learned outside: what is granted to this node, but for what is granted to others by a longer prefix. The first that covers a
    /// prefix decides. What an address is called is no matter of routing.
    /// </summary>
    public static ImmutableArray<LearnableRange> Learnable(MeshMap map, MeshNode me)
    {
        var mine = me.Grants.Select(grant => new LearnableRange(grant with { Name = null }, IsPermitted: true));
        var others = map.Nodes.Values.Where(node => node.Id != me.Id).SelectMany(node => node.Grants)
            .Select(grant => grant.Prefix).Distinct()
            .Where(prefix => me.Grants.Any(grant => IsWithin(prefix, grant.Prefix)) && me.Grants.All(grant => grant.Prefix != prefix))
            .Select(prefix => new LearnableRange(new RouteGrant(prefix, Bits(prefix)), IsPermitted: false));
        return [.. mine.Concat(others).OrderByDescending(range => range.Grant.Prefix.PrefixLength).ThenBy(range => range.Grant.Prefix.ToString(), StringComparer.Ordinal)];
    }

    private static string? Problem(MeshMap map, MeshNode me, ExternalNeighbor neighbor)
    {
        if (Member(map, neighbor.RemoteAs) is { } member)
            return $"its AS number {neighbor.RemoteAs} is that of {member.HostName}, a node of the mesh";
        if (neighbor.LocalAs is { } local && Member(map, local) is { } other)
            return $"local-as {local} is the AS number of {(other.Id == me.Id ? "this node itself: leave it out" : $"{other.HostName}, a node of the mesh")}";
        return neighbor.Address is { } address && Pools(map.Settings).Any(pool => pool.Contains(address)) ? "its address is one of the mesh's own" : null;
    }

    private static IPNetwork[] Pools(MeshSettings settings) => [settings.Pool4, settings.Pool6, settings.TunnelPool];

    private static MeshNode? Member(MeshMap map, Asn asn) => map.Nodes.Values.FirstOrDefault(node => node.Asn == asn);

    private static bool IsWithin(IPNetwork prefix, IPNetwork of) => prefix.PrefixLength > of.PrefixLength && Prefixes.Overlap(prefix, of);

    private static int Bits(IPNetwork prefix) => prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
}

/// <summary>A prefix, up to a length, that may be learned outside or may not.</summary>
public readonly record struct LearnableRange(RouteGrant Grant, bool IsPermitted);
