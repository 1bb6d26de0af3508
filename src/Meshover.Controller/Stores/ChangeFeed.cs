namespace Meshover.Controller.Stores;

/// <summary>
/// The recent changes of a store, kept so that watchers can follow and resume: a ring of <paramref name="capacity"/> changes, or what the
/// last commit made, where that is more. A watcher that falls further behind gets a <see cref="StoreException"/> and reads the store whole again.
/// </summary>
internal sealed class ChangeFeed(string target, long revision, int capacity = 16_384)
{
    private readonly Lock _lock = new();
    private readonly Queue<StoreChange> _changes = new();
    private TaskCompletionSource _more = NewSignal();
    private long _forgotten = revision; // changes up to this revision are gone
    private long _newest = revision;

    public void Add(IReadOnlyCollection<StoreChange> changes, long revision)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            foreach (var change in changes)
                _changes.Enqueue(change);
            // Whole revisions only: a watcher that resumes at a revision must get all of the next one. And none of this commit's, however many:
            // a watcher that had kept up must not be told that it is behind.
            while (_changes.Count > capacity && _changes.Peek().Revision <= _newest)
                ForgetOldestLocked();
            _newest = revision;
            (signal, _more) = (_more, NewSignal());
        }
        signal.SetResult();
    }

    public async IAsyncEnumerable<IReadOnlyList<StoreChange>> WatchAsync(
        long revision, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            var (batch, more, newest) = Take(revision);
            if (batch.Count > 0)
                yield return batch;
            revision = newest;
            await more.WaitAsync(cancel);
        }
    }

    private (List<StoreChange> Batch, Task More, long Newest) Take(long after)
    {
        lock (_lock)
        {
            if (after < _forgotten)
                throw new StoreException("follow", target, $"its changes after revision {after} are no longer kept; read it whole again.");
            return (_changes.Where(change => change.Revision > after).ToList(), _more.Task, _newest);
        }
    }

    private void ForgetOldestLocked()
    {
        _forgotten = _changes.Peek().Revision;
        while (_changes.TryPeek(out var change) && change.Revision == _forgotten)
            _changes.Dequeue();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
