using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Meshover.Controller.Stores;

namespace Meshover.Controller.State;

/// <summary>
/// All objects of one kind at one revision, those that are gone among them, for a while (<see cref="Tombstones"/>). Immutable. Each keeps the
/// revision that last changed what others see of it, so that what changed since any revision is a walk, and no log is kept.
/// </summary>
internal sealed class MapObjects<TKey, T> : IReadOnlyDictionary<TKey, T> where TKey : notnull where T : class
{
    private readonly MapKind<TKey, T> _kind;
    private readonly ImmutableSortedDictionary<TKey, Versioned<T>> _objects;

    public MapObjects(MapKind<TKey, T> kind) : this(kind, ImmutableSortedDictionary<TKey, Versioned<T>>.Empty, 0)
    {
    }

    private MapObjects(MapKind<TKey, T> kind, ImmutableSortedDictionary<TKey, Versioned<T>> objects, long revision) =>
        (_kind, _objects, Revision) = (kind, objects, revision);

    /// <summary>The last that others are told of.</summary>
    public long Revision { get; }

    public int Count => _objects.Count;

    public IEnumerable<TKey> Keys => _objects.Keys;

    /// <summary>Also what is gone.</summary>
    public IEnumerable<T> Values => _objects.Values.Select(entry => entry.Value);

    /// <summary>What a snapshot has.</summary>
    public IEnumerable<T> Present => _objects.Values.Where(entry => !entry.IsGone).Select(entry => entry.Value);

    /// <summary>What a snapshot says to be gone.</summary>
    public IEnumerable<TKey> Gone => _objects.Where(entry => entry.Value.IsGone).Select(entry => entry.Key);

    public T this[TKey key] => _objects[key].Value;

    /// <summary>The revision that last changed what others see of it; 0: it does not exist.</summary>
    public long ModifiedOf(TKey key) => _objects.TryGetValue(key, out var entry) ? entry.Modified : 0;

    /// <summary>What changed after the revision. O(objects).</summary>
    public MapChanges<TKey, T> Since(long revision)
    {
        var (upserts, removals) = (new List<T>(), new List<TKey>());
        foreach (var (key, entry) in _objects)
        {
            if (entry.Modified <= revision)
                continue;
            if (entry.IsGone)
                removals.Add(key);
            else
                upserts.Add(entry.Value);
        }
        return new(upserts, removals);
    }

    /// <summary>Tombstones that have stood for so long that they may be forgotten, and the revision that each is of.</summary>
    /// <param name="until">Gone by then; seconds since 1970.</param>
    public IEnumerable<(string StoreKey, long Modified)> Forgettable(long until) => _objects
        .Where(entry => entry.Value.IsGone && _kind.GoneSince(entry.Value.Value) is not 0 and var since && since <= until)
        .Select(entry => (_kind.StoreKeyOf(entry.Key), entry.Value.Modified));

    public bool ContainsKey(TKey key) => _objects.ContainsKey(key);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out T value)
    {
        value = _objects.TryGetValue(key, out var entry) ? entry.Value : null;
        return value is not null;
    }

    public IEnumerator<KeyValuePair<TKey, T>> GetEnumerator() => _objects.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public Builder ToBuilder() => new(this);

    /// <summary>Makes the next of it, change by change.</summary>
    internal sealed class Builder(MapObjects<TKey, T> from)
    {
        private readonly ImmutableSortedDictionary<TKey, Versioned<T>>.Builder _objects = from._objects.ToBuilder();
        private long _revision = from.Revision;

        /// <param name="change">Of any key. While a store is loaded they come by key: an object's second record may be older than its first.</param>
        /// <param name="record">What the key has now.</param>
        public void Follow(StoreChange change, object? record)
        {
            if (!from._kind.TryKeyOf(change.Key, out var key))
                return;
            var known = _objects.GetValueOrDefault(key);
            var value = from._kind.Merge(known?.Value, change.Key, record);
            var isGone = value is null || from._kind.IsGone(value);
            // Of what is gone others know that, and what becomes of its records is no news to them. A tombstone that is new here they may not know.
            var isNews = !isGone || known is { IsGone: false } || (known is null && value is not null);
            if (value is null)
                _objects.Remove(key);
            else
                _objects[key] = new Versioned<T>(value, isNews || known is null ? Math.Max(known?.Modified ?? 0, change.Revision) : known.Modified, isGone);
            if (isNews)
                _revision = Math.Max(_revision, change.Revision);
        }

        public MapObjects<TKey, T> ToImmutable() => new(from._kind, _objects.ToImmutable(), _revision);
    }
}
