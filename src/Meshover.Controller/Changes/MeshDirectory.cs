using System.Threading.Channels;
using Meshover.Controller.Audit;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Telemetry.Tracing;

namespace Meshover.Controller.Changes;

/// <summary>
/// The one writer of the mesh's state, and the place where readers find it.
///
/// 1. Callers put changes into a bounded channel (full: they wait) and await the answer.
/// 2. The writer loop takes what is there, up to a batch, and lets each change draft its transaction against the working state,
///    which already has the effects of the ones before it.
/// 3. Each transaction takes its record in the audit along (<see cref="AuditTrail"/>), and one commit makes the whole batch durable: a thousand enrolments in flight share a few fsyncs.
/// 4. The follower loop watches the store, has the journal note what it must, and publishes each revision as an immutable
///    <see cref="MeshState"/>.
/// 5. An answer is given when its revision is published: durable, and visible to whoever asks next.
///
/// Where another controller was faster (a condition failed), the writer starts again from the published state.
/// </summary>
internal sealed partial class MeshDirectory : IAsyncDisposable
{
    private const int BatchSize = 512;
    private const int Attempts = 8;

    private readonly IStore _store;
    private readonly ILogger<MeshDirectory> _log;
    private readonly IJournal? _journal;
    private readonly TimeProvider _time;
    private readonly Channel<PendingChange> _changes = Channel.CreateBounded<PendingChange>(
        new BoundedChannelOptions(2 * BatchSize) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly CancellationTokenSource _stop = new();
    private readonly Latest<MeshState> _published;
    private readonly Task _loops;

    private MeshDirectory(IStore store, MeshState state, ILogger<MeshDirectory> log, IJournal? journal, TimeProvider time)
    {
        _store = store;
        _log = log;
        _journal = journal;
        _time = time;
        _published = new Latest<MeshState>(state);
        _loops = Task.WhenAll(Task.Run(WriteAsync), Task.Run(FollowAsync));
    }

    /// <summary>The newest durable state.</summary>
    public MeshState State => _published.Value;

    /// <summary>Ends with an exception when the store fails: then nothing can be changed any more, and the process should end.</summary>
    public Task Completion => _loops;

    public static async Task<MeshDirectory> OpenAsync(
        IStore store, ILogger<MeshDirectory> log, CancellationToken cancel, IJournal? journal = null, TimeProvider? time = null)
    {
        var state = await MeshState.LoadAsync(store, cancel);
        journal?.Begin(state);
        return new MeshDirectory(store, state, log, journal, time ?? TimeProvider.System);
    }

    /// <summary>Drafts and commits a change.</summary>
    /// <param name="cause">Who makes it, and why.</param>
    /// <param name="change">Called in the writer loop, perhaps more than once; it must be pure. What it throws reaches the caller, and nothing is changed.</param>
    /// <param name="cancel">Gives up waiting; the change may be made all the same.</param>
    /// <returns>What the change returned, and the revision that it made, once it is durable and published.</returns>
    public async Task<Committed<T>> ChangeAsync<T>(Cause cause, Func<Draft, T> change, CancellationToken cancel)
    {
        using var span = Traces.Step($"change {cause.Operation.Name}");
        var pending = new PendingChange(cause, draft => change(draft));
        var asked = _time.GetTimestamp();
        await _changes.Writer.WriteAsync(pending, cancel);
        var (result, revision) = await pending.Answer.Task.WaitAsync(cancel);
        span?.SetTag("meshover.revision", revision);
        ControllerMeter.ChangeDuration.Record(_time.GetElapsedTime(asked).TotalSeconds);
        return new Committed<T>((T)result!, revision);
    }

    /// <inheritdoc cref="ChangeAsync{T}"/>
    public Task ChangeAsync(Cause cause, Action<Draft> change, CancellationToken cancel) =>
        ChangeAsync<object?>(cause, draft =>
        {
            change(draft);
            return null;
        }, cancel);

    /// <summary>Returns when the published revision is greater than <paramref name="revision"/>.</summary>
    public Task<MeshState> WaitBeyondAsync(long revision, CancellationToken cancel) => _published.WaitBeyondAsync(revision, cancel);

    /// <summary>Reads what is not in the state: a folder that is kept apart.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public ValueTask<StoreSnapshot> ReadAsync(StoreRange range, CancellationToken cancel) => _store.ReadAsync(range, cancel);

    /// <summary>Writes what is kept apart from the state, and leaves no record in the audit.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    /// <exception cref="ArgumentException">It is part of the state.</exception>
    public async Task<bool> KeepApartAsync(StoreTransaction transaction, CancellationToken cancel)
    {
        if (transaction.Writes.Any(write => StoreKeys.IsResident(write.Key)))
            throw new ArgumentException("The state is changed by ChangeAsync alone.", nameof(transaction));
        return (await _store.CommitAsync([transaction], cancel))[0].Succeeded;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<PendingChange>(BatchSize);
        try
        {
            while (await _changes.Reader.WaitToReadAsync(_stop.Token))
            {
                while (batch.Count < BatchSize && _changes.Reader.TryRead(out var pending))
                    batch.Add(pending);
                await CommitAsync(batch);
                batch.Clear();
            }
        }
        catch (Exception e)
        {
            _changes.Writer.TryComplete(e);
            while (_changes.Reader.TryRead(out var pending))
                batch.Add(pending);
            foreach (var pending in batch)
                pending.Answer.TrySetException(e);
            // A writer that is gone takes the follower with it: only when both have ended is it seen that nothing can be changed any more.
            await _stop.CancelAsync();
            if (e is not OperationCanceledException)
                throw;
        }
    }

    private async Task CommitAsync(List<PendingChange> batch)
    {
        var open = batch;
        for (var attempt = 1; open.Count > 0; attempt++)
        {
            if (await TryCommitAsync(open) is not (var drafted, var results))
                return;
            open = [];
            for (var i = 0; i < drafted.Count; i++)
            {
                if (results[i].Succeeded)
                    drafted[i].Change.Answer.TrySetResult((drafted[i].Result, results[i].Revision));
                else if (attempt < Attempts)
                    open.Add(drafted[i].Change);
                else
                    drafted[i].Change.Answer.TrySetException(new StoreException("change", results[i].FailedKey!, "other controllers kept changing it. Try again."));
            }
            if (open.Count > 0)
                LogConflict(_log, open.Count);
        }
    }

    // Null: nothing to answer any more.
    private async Task<(List<Drafted> Drafted, IReadOnlyList<CommitResult> Results)?> TryCommitAsync(List<PendingChange> batch)
    {
        try
        {
            var trail = await AuditTrail.ReadAsync(_store, batch.Count, _time.GetUtcNow(), _stop.Token);
            var drafted = DraftAll(batch, State, trail);
            if (drafted.Count == 0)
                return null;
            var results = await _store.CommitAsync([.. drafted.Select(item => item.Transaction)], _stop.Token);
            await _published.WaitBeyondAsync(results.Max(result => result.Revision) - 1, _stop.Token);
            return (drafted, results);
        }
        catch (StoreException e)
        {
            // A full disk, say: nothing of the batch was made, and the next one may do better.
            LogFailed(_log, e, string.Join(", ", batch.Select(change => change.Cause.Operation.Name).Distinct()));
            foreach (var change in batch)
                change.Answer.TrySetException(e);
            return null;
        }
    }

    private static List<Drafted> DraftAll(List<PendingChange> batch, MeshState state, AuditTrail trail)
    {
        var drafted = new List<Drafted>(batch.Count);
        foreach (var pending in batch)
        {
            var draft = new Draft(state);
            try
            {
                var result = pending.Change(draft);
                var transaction = trail.Note(pending.Cause, state, draft.ToTransaction());
                drafted.Add(new Drafted(pending, result, transaction));
                if (transaction.Writes.Count > 0)
                    state = state.Apply(transaction.Writes.Select(write => new StoreChange(state.Revision + 1, write.Key, write.Value)), state.Revision + 1);
            }
            catch (Exception e)
            {
                pending.Answer.TrySetException(e);
            }
        }
        return drafted;
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var changes in _store.WatchAsync(State.Revision, _stop.Token))
            {
                var next = State.Apply(changes, changes[^1].Revision);
                _journal?.Note(State, next, changes);
                _published.Publish(next);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }
        finally
        {
            // Without it no change can be answered.
            await _stop.CancelAsync();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} change(s) collided with those of another controller; trying again")]
    private static partial void LogConflict(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "A change could not be made durable ({Operations})")]
    private static partial void LogFailed(ILogger logger, Exception exception, string operations);

    private sealed record Drafted(PendingChange Change, object? Result, StoreTransaction Transaction);

    private sealed record PendingChange(Cause Cause, Func<Draft, object?> Change)
    {
        // Continuations must not run in the writer loop.
        public TaskCompletionSource<(object? Result, long Revision)> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>What a change returned, and the revision that made it durable.</summary>
internal readonly record struct Committed<T>(T Value, long Revision);
