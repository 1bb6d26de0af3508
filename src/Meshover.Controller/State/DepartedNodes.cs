using System.Globalization;

namespace Meshover.Controller.State;

/// <summary>
/// What is left of members that are none any more. It is kept for <see cref="KeptFor"/>, so that maps of that age learn of the removal by a
/// delta, and then forgotten: meshes whose machines come and go by the thousand would carry them in every snapshot for ever. The id is not
/// given again, and who was refused stays refused (<c>identity/…</c>). Pure.
/// </summary>
internal static class DepartedNodes
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <summary>Notes since when each is gone, and forgets those whose time is over and whose numbers rest no more.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void Tend(Draft draft, long now)
    {
        var floor = draft.State.Floor;
        foreach (var (id, node) in draft.State.Nodes)
        {
            if (node.IsActive)
                continue;
            var key = StoreKeys.Node(id);
            var record = draft.Written<NodeRecord>(key) ?? node.Record;
            if (record.Departed == 0)
            {
                draft.Put(key, record with { Departed = now });
            }
            else if (record.RestsUntil == 0 && record.Departed + (long)KeptFor.TotalSeconds <= now)
            {
                draft.Delete(key);
                floor = Math.Max(floor, node.Modified);
            }
        }
        if (floor > draft.State.Floor)
            draft.Put(StoreKeys.Floor, new FloorRecord(floor));
    }

    /// <summary>Lets the identity of a removed node join again that is forgotten but for its refusal; false where there is none of this id.</summary>
    public static bool TryAllow(Draft draft, string id)
    {
        if (!uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var node) || draft.State.Nodes.ContainsKey(node)
            || draft.State.RefusedIdentityOf(node) is not { } key)
            return false;
        draft.Put(key, new IdentityRecord(node, null));
        return true;
    }
}
