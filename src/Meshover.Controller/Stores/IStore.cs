namespace Meshover.Controller.Stores;

/// <summary>
/// An ordered key-value store with transactions by comparison, revisions and watch: what etcd is, and what SQLite is made to be.
/// Keys are compared by their bytes. Every transaction that changes something is one revision.
/// </summary>
internal interface IStore : IAsyncDisposable
{
    /// <summary>The newest revision that is durable; 0 before the first change.</summary>
    long Revision { get; }

    /// <summary>The entries of the range, in key order or against it, all of one revision.</summary>
    ValueTask<StoreSnapshot> ReadAsync(StoreRange range, CancellationToken cancel);

    /// <summary>
    /// Applies the transactions in order, each wholly or not at all, and returns once all of them are durable. They share one write
    /// to the disk where the store can do that.
    /// </summary>
    /// <returns>One result for each transaction, in order.</returns>
    /// <exception cref="StoreException">Nothing of the batch is durable.</exception>
    ValueTask<IReadOnlyList<CommitResult>> CommitAsync(IReadOnlyList<StoreTransaction> batch, CancellationToken cancel);

    /// <summary>Every change after <paramref name="revision"/>, in order, for ever; each list is one or more whole revisions.</summary>
    /// <exception cref="StoreException">The store no longer remembers that far back: read it whole again.</exception>
    IAsyncEnumerable<IReadOnlyList<StoreChange>> WatchAsync(long revision, CancellationToken cancel);
}

/// <summary>A value and the revision that wrote it.</summary>
internal readonly record struct StoreEntry(string Key, ReadOnlyMemory<byte> Value, long Modified);

/// <summary>Entries as they stood at one revision.</summary>
internal sealed record StoreSnapshot(long Revision, IReadOnlyList<StoreEntry> Entries);

/// <summary>One revision's change of one key; a null value deleted it.</summary>
internal readonly record struct StoreChange(long Revision, string Key, ReadOnlyMemory<byte>? Value);

/// <summary>Holds while the key was last written by <see cref="Modified"/>; 0 means that it does not exist.</summary>
internal readonly record struct StoreCondition(string Key, long Modified);

/// <summary>Writes a key; a null value deletes it.</summary>
internal readonly record struct StoreWrite(string Key, ReadOnlyMemory<byte>? Value);

/// <summary>If all conditions hold, all writes are made.</summary>
internal sealed record StoreTransaction(IReadOnlyList<StoreCondition> Conditions, IReadOnlyList<StoreWrite> Writes);

/// <summary>What became of a transaction.</summary>
/// <param name="Revision">The revision that it made, or the store's own where it failed.</param>
/// <param name="FailedKey">The first key whose condition did not hold; null where it succeeded.</param>
internal readonly record struct CommitResult(long Revision, string? FailedKey)
{
    public bool Succeeded => FailedKey is null;
}
