using Meshover.Controller.Stores;

namespace Meshover.Controller.State;

/// <summary>
/// A transaction in the making: each write is conditional on its key being as <paramref name="state"/> has it, so that two
/// controllers can never give out one thing twice.
/// </summary>
internal sealed class Draft(MeshState state)
{
    private readonly Dictionary<string, StoreWrite> _writes = new(StringComparer.Ordinal);

    public MeshState State { get; } = state;

    /// <summary>
    /// Whether the key still is as the caller read it, in an earlier state, when it made up its mind: a draft's conditions are those of the state that it
    /// is drafted on.
    /// </summary>
    public bool IsAsIn(MeshState read, string key) => State.ModifiedOf(key) == read.ModifiedOf(key);

    public void Put(string key, object record) => _writes[key] = new StoreWrite(key, RecordJson.Write(record));

    public void Delete(string key)
    {
        if (State.ModifiedOf(key) == 0)
            _writes.Remove(key);
        else
            _writes[key] = new StoreWrite(key, null);
    }

    /// <summary>What the draft itself writes to the key, or null.</summary>
    public T? Written<T>(string key) where T : class =>
        _writes.TryGetValue(key, out var write) && write.Value is { } value ? RecordJson.Read(key, value.Span) as T : null;

    /// <summary>Whether the key would be free once the draft is committed.</summary>
    public bool IsFree(string key) =>
        _writes.TryGetValue(key, out var write) ? write.Value is null : State.ModifiedOf(key) == 0;

    public StoreTransaction ToTransaction() => new(
        [.. _writes.Keys.Select(key => new StoreCondition(key, State.ModifiedOf(key)))],
        [.. _writes.Values]);
}
