namespace Meshover.Controller.State;

/// <summary>
/// What is left of the map's objects that are gone. It is kept for <see cref="KeptFor"/>, so that maps of that age learn of it by a delta, and
/// then forgotten: what comes and goes by the thousand would be in every snapshot for ever. A map from before that gets a snapshot: it is older
/// than the floor, one for all kinds. Pure.
/// </summary>
internal static class Tombstones
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <summary>Forgets those whose time is over.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="objects">Of one kind, as the draft's state has them.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void Forget<TKey, T>(Draft draft, MapObjects<TKey, T> objects, long now) where TKey : notnull where T : class
    {
        var held = draft.Written<FloorRecord>(StoreKeys.Floor) ?? draft.State.Get<FloorRecord>(StoreKeys.Floor) ?? new FloorRecord(0);
        var floor = held.Revision;
        foreach (var (key, modified) in objects.Forgettable(now - (long)KeptFor.TotalSeconds))
        {
            draft.Delete(key);
            floor = Math.Max(floor, modified);
        }
        if (floor > held.Revision)
            draft.Put(StoreKeys.Floor, held with { Revision = floor });
    }
}
