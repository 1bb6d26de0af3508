using System.Collections.Immutable;
using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>The keys by which one node alone has a name, a number, an identity or a WireGuard key.</summary>
internal static class Claims
{
    /// <summary>Writes a new member with all its claims.</summary>
    /// <exception cref="RefusalException">Its WireGuard key belongs to another node.</exception>
    public static void Take(Draft draft, StoredNode node)
    {
        foreach (var key in node.WireGuardKeys)
            TakeWireGuardKey(draft, node.Id, key);
        foreach (var key in StoreKeys.Numbers(node).Append(StoreKeys.HostName(node.HostName)))
            draft.Put(key, new ClaimRecord(node.Id));
        draft.Put(StoreKeys.Identity(node.Identity), (draft.State.Identity(node.Identity) ?? new IdentityRecord(node.Id, null)) with { Node = node.Id, Refused = null });
        draft.Put(StoreKeys.Node(node.Id), node);
    }

    /// <summary>Gives the node these keys and no others. Does not write the node.</summary>
    /// <exception cref="RefusalException">One belongs to another node.</exception>
    public static StoredNode ChangeWireGuardKeys(Draft draft, StoredNode node, ImmutableArray<string> keys)
    {
        if (node.WireGuardKeys.SequenceEqual(keys))
            return node;
        foreach (var former in node.WireGuardKeys.Except(keys))
            draft.Delete(StoreKeys.WireGuard(former));
        foreach (var key in keys.Except(node.WireGuardKeys))
            TakeWireGuardKey(draft, node.Id, key);
        return node with { WireGuardKeys = keys };
    }

    /// <summary>Gives up everything but the numbers.</summary>
    public static void ReleaseNames(Draft draft, StoredNode node)
    {
        draft.Delete(StoreKeys.HostName(node.HostName));
        foreach (var key in node.WireGuardKeys)
            draft.Delete(StoreKeys.WireGuard(key));
        draft.Delete(StoreKeys.Reach(node.Id));
        draft.Delete(StoreKeys.Withdrawn(node.Id));
    }

    public static void ReleaseNumbers(Draft draft, StoredNode node)
    {
        foreach (var key in StoreKeys.Numbers(node))
            draft.Delete(key);
    }

    private static void TakeWireGuardKey(Draft draft, uint node, string key)
    {
        if (WhyNotKeyed(draft, key) is { } reason)
            throw new RefusalException(RefusalReason.Taken, reason);
        draft.Put(StoreKeys.WireGuard(key), new ClaimRecord(node));
    }

    /// <summary>Why nobody else can have the WireGuard key, or null.</summary>
    public static string? WhyNotKeyed(Draft draft, string key) => draft.IsFree(StoreKeys.WireGuard(key))
        ? null
        : $"The WireGuard key of this machine is already that of node {draft.State.Get<ClaimRecord>(StoreKeys.WireGuard(key))?.Node}: its state was copied. "
            + "Delete /var/lib/meshover on the copy and join again.";
}
