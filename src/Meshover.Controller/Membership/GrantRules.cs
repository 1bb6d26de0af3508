using System.Collections.Immutable;
using System.Net;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Membership;

/// <summary>Which prefixes a node may originate. Pure.</summary>
internal static class GrantRules
{
    /// <summary>Everybody holds everybody's, and each announcement is compared with each.</summary>
    private const int Most = 64;

    /// <summary>Gives the node a grant; one of the same prefix is replaced.</summary>
    /// <exception cref="RefusalException">It has as many as a node may have, or the grant's name is a node's.</exception>
    public static void Add(Draft draft, StoredNode node, StoredGrant grant)
    {
        if (grant.Name is { } name && NodeCalled(draft.State, name) is { } called)
            throw new RefusalException(RefusalReason.Precondition, $"\"{called.Record.HostName}\" is the name of a node, which keeps it: choose another name (`--name`).");
        var others = node.Grants.RemoveAll(held => held.Prefix == grant.Prefix);
        if (others.Length >= Most)
            throw new RefusalException(RefusalReason.Precondition,
                $"Node \"{node.HostName}\" has {others.Length} grants, and a node may have {Most}: give it a shorter prefix that covers several, with a max_length (`--max-length`).");
        draft.Put(StoreKeys.Node(node.Id), node with { Grants = others.Add(grant) });
        var withdrawn = RecordOf(draft.State, node.Id);
        if (withdrawn.Prefixes.Contains(grant.Prefix))
            draft.Put(StoreKeys.Withdrawn(node.Id), withdrawn with { Prefixes = withdrawn.Prefixes.Remove(grant.Prefix) });
    }

    /// <summary>Why nobody else may be called so: the name was given to an address, and all nodes would be led to the newcomer. Null: it may be. O(grants).</summary>
    public static string? WhyNotNamed(MeshState state, string hostName) =>
        state.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record).FirstOrDefault(node => node.Grants.Any(grant => IsSameName(grant.Name, hostName))) is { } holder
            ? $"\"{hostName}\" is the name of an address that is granted to \"{holder.HostName}\" (`meshover grant list {holder.HostName}`)."
            : null;

    /// <summary>In DNS, where a name that ends in the zone does not get that twice.</summary>
    private static bool IsSameName(string? granted, string hostName) => granted is not null && HostName.WithoutZone(granted) == HostName.WithoutZone(hostName);

    private static NodeEntry? NodeCalled(MeshState state, string name)
    {
        var bare = HostName.WithoutZone(name);
        return state.MemberByHostName(bare) ?? state.MemberByHostName($"{bare}.{HostName.DefaultZone}");
    }

    /// <exception cref="RefusalException">The node has no such grant.</exception>
    public static void Remove(Draft draft, StoredNode node, string prefix)
    {
        var grants = node.Grants.RemoveAll(grant => grant.Prefix == prefix);
        if (grants.Length == node.Grants.Length)
            throw new RefusalException(RefusalReason.NotFound,
                $"Node \"{node.HostName}\" has no grant of {prefix}. `meshover grant list {node.HostName}` shows what it has.");
        draft.Put(StoreKeys.Node(node.Id), node with { Grants = grants });
        var withdrawn = RecordOf(draft.State, node.Id);
        draft.Put(StoreKeys.Withdrawn(node.Id), withdrawn with { Prefixes = [.. withdrawn.Prefixes.Union([prefix], StringComparer.Ordinal)] });
    }

    /// <summary>What the node was granted and is no more.</summary>
    public static ImmutableArray<string> WithdrawnOf(MeshState state, uint node) => RecordOf(state, node).Prefixes;

    /// <summary>Why the grant cannot be given, or null: no node may originate what belongs to the mesh's own pools.</summary>
    public static string? WhyNot(MeshRecord mesh, RouteGrant grant)
    {
        foreach (var pool in new[] { mesh.Pool4, mesh.Pool6, mesh.TunnelPool }.Select(IPNetwork.Parse))
        {
            // A shorter prefix around a pool (a default route, say) is harmless while nothing inside the pool may be announced.
            if (Prefixes.Overlap(grant.Prefix, pool) && grant.MaxLength >= pool.PrefixLength)
                return $"{grant.Prefix} up to /{grant.MaxLength} reaches into the mesh's own pool {pool}";
        }
        return null;
    }

    private static WithdrawnRecord RecordOf(MeshState state, uint node) => state.Get<WithdrawnRecord>(StoreKeys.Withdrawn(node)) ?? new WithdrawnRecord([]);
}
