using Meshover.Controller.Stores;

namespace Meshover.UnitTests.Controller;

/// <summary>A store in memory, with a gate in front of its commits.</summary>
internal sealed class FakeStore : IStore
{
    private readonly Dictionary<string, StoreEntry> _entries = new(StringComparer.Ordinal);
    private readonly ChangeFeed _feed = new("fake", 0);

    public long Revision { get; private set; }

    /// <summary>How many batches were committed.</summary>
    public int Commits { get; private set; }

    /// <summary>Awaited before each commit; what it throws, the commit throws.</summary>
    public Func<Task> BeforeCommit { get; set; } = () => Task.CompletedTask;

    public ValueTask<StoreSnapshot> ReadAsync(StoreRange range, CancellationToken cancel)
    {
        var entries = _entries.Values
            .Where(entry => string.CompareOrdinal(entry.Key, range.From) >= 0 && (range.Until is null || string.CompareOrdinal(entry.Key, range.Until) < 0))
            .OrderBy(entry => entry.Key, StringComparer.Ordinal);
        return ValueTask.FromResult(new StoreSnapshot(Revision, [.. (range.Backwards ? entries.Reverse() : entries).Take(range.Limit)]));
    }

    public async ValueTask<IReadOnlyList<CommitResult>> CommitAsync(IReadOnlyList<StoreTransaction> batch, CancellationToken cancel)
    {
        await BeforeCommit();
        Commits++;
        return [.. batch.Select(Apply)];
    }

    public IAsyncEnumerable<IReadOnlyList<StoreChange>> WatchAsync(long revision, CancellationToken cancel) => _feed.WatchAsync(revision, cancel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Another controller's change.</summary>
    public void Write(string key, byte[] value) => Apply(new StoreTransaction([], [new StoreWrite(key, value)]));

    private CommitResult Apply(StoreTransaction transaction)
    {
        foreach (var condition in transaction.Conditions)
        {
            if (_entries.GetValueOrDefault(condition.Key).Modified != condition.Modified)
                return new CommitResult(Revision, condition.Key);
        }
        if (transaction.Writes.Count == 0)
            return new CommitResult(Revision, null);
        Revision++;
        foreach (var write in transaction.Writes)
        {
            if (write.Value is { } value)
                _entries[write.Key] = new StoreEntry(write.Key, value, Revision);
            else
                _entries.Remove(write.Key);
        }
        _feed.Add([.. transaction.Writes.Select(write => new StoreChange(Revision, write.Key, write.Value))], Revision);
        return new CommitResult(Revision, null);
    }
}
