using System.Globalization;

namespace Meshover.Controller.State;

/// <summary>
/// What is left of members that are none any more: tombstones, until they are forgotten. The id is not given again, and who was refused
/// stays refused (<c>identity/…</c>). Pure.
/// </summary>
internal static class DepartedNodes
{
    /// <summary>Notes since when each is gone, and forgets those whose time is over and whose numbers rest no more.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void Tend(Draft draft, long now)
    {
        foreach (var (id, node) in draft.State.Nodes)
        {
            if (node.IsActive || node.Record.Departed != 0)
                continue;
            var key = StoreKeys.Node(id);
            draft.Put(key, (draft.Written<StoredNode>(key) ?? node.Record) with { Departed = now });
        }
        Tombstones.Forget(draft, draft.State.Nodes, now);
    }

    /// <summary>Lets the identity of a removed node join again that is forgotten but for its refusal; false where there is none of this id.</summary>
    public static bool TryAllow(Draft draft, string id)
    {
        if (!uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var node) || draft.State.Nodes.ContainsKey(node)
            || draft.State.RefusedIdentityOf(node) is not { } key)
            return false;
        draft.Put(key, draft.State.Get<IdentityRecord>(key)! with { Refused = null });
        return true;
    }
}
