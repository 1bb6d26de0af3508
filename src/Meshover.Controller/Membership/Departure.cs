using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>How members go: removed by an administrator, signed off, or replaced. Pure.</summary>
internal static class Departure
{
    /// <summary>The node is out, its identity is refused, its hostname is free and its numbers rest.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="node">A member.</param>
    /// <param name="restsUntil">When its numbers may go to another; seconds since 1970.</param>
    public static void Remove(Draft draft, StoredNode node, long restsUntil)
    {
        Claims.ReleaseNames(draft, node);
        ForgetOrder(draft, node);
        Refuse(draft, node, $"An administrator removed this node (\"{node.HostName}\") from the mesh. To let it back in, an administrator runs "
            + $"`meshover node allow {node.Id}`; then join again.");
        draft.Put(StoreKeys.Node(node.Id), node with { Standing = NodeStanding.Removed, RestsUntil = restsUntil });
    }

    /// <summary>The node signed off: name and numbers are free at once, and its identity may join again as a new one.</summary>
    public static void Leave(Draft draft, StoredNode node)
    {
        Claims.ReleaseNames(draft, node);
        ForgetOrder(draft, node);
        Claims.ReleaseNumbers(draft, node);
        draft.Delete(StoreKeys.Identity(node.Identity));
        draft.Put(StoreKeys.Node(node.Id), node with { Standing = NodeStanding.Left });
    }

    /// <summary>Another machine takes the node's name and numbers; the one that had them is refused from now on.</summary>
    public static void Replaced(Draft draft, StoredNode node)
    {
        Claims.ReleaseNames(draft, node);
        ForgetOrder(draft, node);
        Claims.ReleaseNumbers(draft, node);
        Refuse(draft, node, $"Another machine took over the hostname \"{node.HostName}\" with a token that allows it. To let this one back in, "
            + $"an administrator runs `meshover node allow {node.Id}`; then join again under another hostname.");
        draft.Put(StoreKeys.Node(node.Id), node with { Standing = NodeStanding.Removed });
    }

    /// <summary>Lets a removed node's identity join again.</summary>
    /// <exception cref="RefusalException">It is not refused.</exception>
    public static void Allow(Draft draft, StoredNode node)
    {
        if (draft.State.Identity(node.Identity) is not { Refused: not null } identity)
            throw new RefusalException(RefusalReason.Precondition, $"Node {node.Id} (\"{node.HostName}\") is not refused: there is nothing to allow.");
        draft.Put(StoreKeys.Identity(node.Identity), identity with { Refused = null });
    }

    /// <summary>Frees the numbers that have rested.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void EndRests(Draft draft, long now)
    {
        foreach (var (_, node) in draft.State.Nodes)
        {
            if (node.Record.Standing != NodeStanding.Removed || node.Record.RestsUntil == 0 || node.Record.RestsUntil > now)
                continue;
            Claims.ReleaseNumbers(draft, node.Record);
            draft.Put(StoreKeys.Node(node.Record.Id), node.Record with { RestsUntil = 0 });
        }
    }

    private static void ForgetOrder(Draft draft, StoredNode node)
    {
        if (draft.State.Get<OrderRecord>(StoreKeys.Order(node.Id)) is not null)
            draft.Delete(StoreKeys.Order(node.Id));
    }

    private static void Refuse(Draft draft, StoredNode node, string why) =>
        draft.Put(StoreKeys.Identity(node.Identity), (draft.State.Identity(node.Identity) ?? new IdentityRecord(node.Id, null)) with { Node = node.Id, Refused = why });
}
