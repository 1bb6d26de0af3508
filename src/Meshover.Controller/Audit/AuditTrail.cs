using System.Text.Json;
using Meshover.Controller.Changes;
using Meshover.Controller.State;
using Meshover.Controller.Stores;

namespace Meshover.Controller.Audit;

/// <summary>
/// Puts a record of each change into the change's own transaction, so that neither can be without the other, and takes the oldest records out as
/// it goes. Read anew for each batch: nothing of the audit stays in memory. For one caller.
/// </summary>
internal sealed class AuditTrail
{
    private readonly long _now;
    private readonly Folder _audit;
    private readonly Folder _routine;

    private AuditTrail(long now, Folder audit, Folder routine) => (_now, _audit, _routine) = (now, audit, routine);

    /// <param name="store">Where the changes go.</param>
    /// <param name="changes">How many there may be.</param>
    /// <param name="now">Of the records.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public static async ValueTask<AuditTrail> ReadAsync(IStore store, int changes, DateTimeOffset now, CancellationToken cancel) => new(now.ToUnixTimeSeconds(),
        await Folder.ReadAsync(store, AuditBound.Audit, changes, now, cancel),
        await Folder.ReadAsync(store, AuditBound.Routine, changes, now, cancel));

    /// <summary>The transaction with its record; one that changes nothing has none.</summary>
    /// <param name="cause">Who makes it, and why.</param>
    /// <param name="state">That it is drafted on.</param>
    /// <param name="transaction">The change.</param>
    public StoreTransaction Note(Cause cause, MeshState state, StoreTransaction transaction)
    {
        if (transaction.Writes.Count == 0)
            return transaction;
        var text = AuditText.Of(state, transaction.Writes);
        var record = new AuditRecord
        {
            Time = _now,
            Actor = cause.Actor.Text,
            Operation = cause.Operation.Name,
            Object = text.Object,
            Reason = cause.Why,
            Before = text.Before,
            After = text.After,
            Nodes = text.Nodes,
        };
        return (cause.Operation.IsRoutine ? _routine : _audit).Append(transaction, record);
    }

    /// <summary>Takes over what another store, which was this one once, has recorded since.</summary>
    /// <param name="store">Gets it, under the same numbers.</param>
    /// <param name="audit">All that the other has.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task CarryAsync(IStore store, IEnumerable<StoreEntry> audit, CancellationToken cancel)
    {
        var newest = (await store.ReadAsync(StoreRange.Folder(StoreKeys.AuditFolder) with { Limit = 1, Backwards = true }, cancel)).Entries;
        var last = newest.Count == 0 ? 0 : StoreKeys.NumberOf(newest[0].Key);
        await store.CommitAsync([new StoreTransaction([], [.. audit.Where(entry => StoreKeys.NumberOf(entry.Key) > last).Select(Carried)])], cancel);

        static StoreWrite Carried(StoreEntry entry) => TryRead(entry) is { Revision: 0 } record
            ? new StoreWrite(entry.Key, RecordJson.Write(record with { Revision = entry.Modified })) : new StoreWrite(entry.Key, entry.Value);
    }

    /// <summary>Null: it cannot be read, which must keep nobody from changing the mesh, or from restoring it.</summary>
    public static AuditRecord? TryRead(StoreEntry entry)
    {
        try
        {
            return RecordJson.Read(entry.Key, entry.Value.Span) as AuditRecord;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>One kind of records, numbered without end.</summary>
    private sealed class Folder(string name, long next, Queue<string> due)
    {
        // For each that comes; so it shrinks where a release has a lower bound.
        private const int TakenOut = 2;

        private long _next = next;

        public static async ValueTask<Folder> ReadAsync(IStore store, AuditBound bound, int changes, DateTimeOffset now, CancellationToken cancel)
        {
            var all = StoreRange.Folder(bound.Folder);
            var newest = await store.ReadAsync(all with { Limit = 1, Backwards = true }, cancel);
            var next = newest.Entries.Count == 0 ? 1 : StoreKeys.NumberOf(newest.Entries[0].Key) + 1;
            var oldAt = (now - bound.KeptFor).ToUnixTimeSeconds();
            var oldest = await store.ReadAsync(all with { Limit = TakenOut * changes }, cancel);
            return new Folder(bound.Folder, next, new(oldest.Entries.TakeWhile(entry => IsDue(entry, next + changes - bound.Most, oldAt)).Select(entry => entry.Key)));
        }

        // Two controllers cannot take one number: its key must be new.
        public StoreTransaction Append(StoreTransaction transaction, AuditRecord record)
        {
            var key = StoreKeys.Numbered(name, _next++);
            var old = Enumerable.Range(0, Math.Min(TakenOut, due.Count)).Select(_ => new StoreWrite(due.Dequeue(), null));
            return new StoreTransaction(
                [.. transaction.Conditions, new StoreCondition(key, 0)], [.. transaction.Writes, new StoreWrite(key, RecordJson.Write(record)), .. old]);
        }

        private static bool IsDue(StoreEntry entry, long first, long oldAt) =>
            StoreKeys.NumberOf(entry.Key) < first || TryRead(entry) is not { } record || record.Time < oldAt;
    }
}

/// <summary>How much of a kind is kept.</summary>
/// <param name="Folder">Where.</param>
/// <param name="Most">Records; some 400 bytes each.</param>
/// <param name="KeptFor">At most; the next change takes out what is older.</param>
internal sealed record AuditBound(string Folder, int Most, TimeSpan KeptFor)
{
    /// <summary>What somebody decided or did.</summary>
    public static readonly AuditBound Audit = new(StoreKeys.AuditFolder, 50_000, TimeSpan.FromDays(400));

    /// <summary>What follows from it, or what members do to themselves, up to many times a second: it must not push out the other kind.</summary>
    public static readonly AuditBound Routine = new(StoreKeys.RoutineFolder, 1_000, TimeSpan.FromDays(7));
}
