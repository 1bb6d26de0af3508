namespace Meshover.Controller.State;

/// <summary>
/// A kind of objects that every node is told of: how it lies in the store. What is common to all kinds (revisions, tombstones, deltas) does
/// <see cref="MapObjects{TKey,T}"/>.
/// </summary>
/// <typeparam name="TKey">What an object is called; never given twice.</typeparam>
/// <typeparam name="T">An object; it may be made of several records.</typeparam>
internal abstract class MapKind<TKey, T> where TKey : notnull where T : class
{
    /// <summary>Whether the store's key is a part of an object of this kind, and of which.</summary>
    public abstract bool TryKeyOf(string storeKey, out TKey key);

    /// <summary>The key of the store whose end is the object's, too.</summary>
    public abstract string StoreKeyOf(TKey key);

    /// <summary>What an object becomes when one of its records is written.</summary>
    /// <param name="former">As it was; null: it is new.</param>
    /// <param name="storeKey">Of the record.</param>
    /// <param name="record">Null: it was deleted.</param>
    /// <returns>Null: nothing is kept of it, not even that it was there.</returns>
    public abstract T? Merge(T? former, string storeKey, object? record);

    /// <summary>Whether all that is left is to tell others that it is gone: a tombstone.</summary>
    public virtual bool IsGone(T value) => false;

    /// <summary>Since when a tombstone stands that may be forgotten once it is old; seconds since 1970. 0: it may not yet.</summary>
    public virtual long GoneSince(T value) => 0;
}

/// <summary>An object of the map, and the revision that last changed what others see of it.</summary>
internal sealed record Versioned<T>(T Value, long Modified, bool IsGone);

/// <summary>What takes a map of one revision to another.</summary>
/// <param name="Upserts">New, or changed.</param>
/// <param name="Removals">Gone since, or unknown to who has such a map.</param>
internal readonly record struct MapChanges<TKey, T>(IReadOnlyList<T> Upserts, IReadOnlyList<TKey> Removals)
{
    public bool IsEmpty => Upserts.Count == 0 && Removals.Count == 0;
}
