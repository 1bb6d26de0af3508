namespace Meshover.Controller.Stores;

/// <summary>
/// The recent changes of a store, kept so that watchers can follow and resume: the last <paramref name="capacity"/> changes, or what the
/// last commit made, where that is more; what is older is cut off when it is a quarter of that, so that a commit does not move the rest each time. A watcher that falls further behind gets a <see cref="StoreException"/> and reads the store whole again.
/// </summary>
internal sealed class ChangeFeed(string target, long revision, int capacity = 16_384)
{
    private readonly Lock _lock = new();
    private readonly List<StoreChange> _changes = []; // in the order of revisions
    private int _first; // of those that are kept: what is before it goes many at a time
    private TaskCompletionSource _more = NewSignal();
    private long _forgotten = revision; // changes up to this revision are gone
    private long _newest = revision;

    public void Add(IReadOnlyCollection<StoreChange> changes, long revision)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            _changes.AddRange(changes);
            // Whole revisions only: a watcher that resumes at a revision must get all of the next one. And none of this commit's, however many:
            // a watcher that had kept up must not be told that it is behind.
            while (_changes.Count - _first > capacity && _changes[_first].Revision <= _newest)
                ForgetOldestLocked();
            if (_first > capacity / 4)
            {
                _changes.RemoveRange(0, _first);
                _first = 0;
            }
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

    // O(what is new): a watcher that keeps up takes each commit by itself, and all that is kept would be looked through for each.
    private (List<StoreChange> Batch, Task More, long Newest) Take(long after)
    {
        lock (_lock)
        {
            if (after < _forgotten)
                throw new StoreException("follow", target, $"its changes after revision {after} are no longer kept; read it whole again.");
            var from = _changes.Count;
            while (from > _first && _changes[from - 1].Revision > after)
                from--;
            return (_changes.GetRange(from, _changes.Count - from), _more.Task, _newest);
        }
    }

    private void ForgetOldestLocked()
    {
        _forgotten = _changes[_first].Revision;
        while (_first < _changes.Count && _changes[_first].Revision == _forgotten)
            _first++;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
