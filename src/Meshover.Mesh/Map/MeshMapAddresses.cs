using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Map;

/// <summary>
/// Further node addresses of a map that cannot be worked with: such as are another node's, and such as no pool has. They are left out and the node
/// is not. A controller gives neither; one that is wrong must not take a node from everybody.
/// </summary>
internal static class MeshMapAddresses
{
    /// <summary>The map without them, and with no address resting that somebody has. Of two that have one address the one with the smaller id keeps it. O(n).</summary>
    public static MeshMap WithoutDoubles(this MeshMap map)
    {
        if (!map.Nodes.Values.Any(node => !node.FurtherAddresses.IsEmpty || !node.RestingAddresses.IsEmpty))
            return map;
        var taken = map.Nodes.Values.SelectMany(node => new[] { node.Address4, node.Address6 }).ToHashSet();
        var nodes = map.Nodes.ToBuilder();
        foreach (var node in map.Nodes.Values.Where(node => !node.FurtherAddresses.IsEmpty))
            Set(nodes, node, [.. node.FurtherAddresses.Where(further => IsOfAPool(map.Settings, further.Address) && taken.Add(further.Address)).Take(FurtherAddress.Most)]);
        foreach (var node in nodes.Values.Where(node => node.RestingAddresses.Any(taken.Contains)).ToList())
            nodes[node.Id] = node with { RestingAddresses = node.RestingAddresses.RemoveAll(taken.Contains) };
        return map with { Nodes = nodes.ToImmutable() };
    }

    // A node that stays as it is stays the same object: it is compared often.
    private static void Set(ImmutableSortedDictionary<NodeId, MeshNode>.Builder nodes, MeshNode node, ImmutableArray<FurtherAddress> kept)
    {
        if (kept.Length != node.FurtherAddresses.Length)
            nodes[node.Id] = node with { FurtherAddresses = kept };
    }

    private static bool IsOfAPool(MeshSettings settings, IPAddress address) => settings.Pool4.Contains(address) || settings.Pool6.Contains(address);
}
