using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Meshover.Controller.Audit;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Mesh.Events;

namespace Meshover.Controller.Administration;

/// <summary>
/// What changed in the mesh, for whatever face of the controller asks: what was seen (<c>~events</c>) and what somebody did (<c>~audit</c>, which has it with
/// who and why, and is not written twice), as one list.
/// </summary>
internal sealed class MeshEvents(MeshDirectory directory)
{
    private const int PageSize = 200;

    /// <summary>After so many in a row that are too old no newer one is looked for: those of a controller whose clock was set back are out of order.</summary>
    private const int MostOld = 200;

    /// <summary>The newest first. O(events since) where a node is asked for of which there are few.</summary>
    /// <exception cref="RefusalException">A place is none.</exception>
    public async Task<EventPage> ListAsync(EventQuery query, CancellationToken cancel)
    {
        var (below, above) = (Place(query.Below, (long.MaxValue, long.MaxValue)), Place(query.Above, (0, 0)));
        await using var seen = new Cursor(SeenAsync(below.Seen, cancel).GetAsyncEnumerator(cancel), below.Seen, above.Seen, query.Since);
        await using var done = new Cursor(DoneAsync(below.Done, cancel).GetAsyncEnumerator(cancel), below.Done, above.Done, query.Since);
        await seen.MoveAsync();
        await done.MoveAsync();
        var newest = Place(seen, done);
        var found = ImmutableArray.CreateBuilder<EventView>();
        while (found.Count < query.Limit && (seen.Current ?? done.Current) is not null)
        {
            var isSeen = seen.Current is not null && (done.Current is null || seen.Current.Time >= done.Current.Time);
            var cursor = isSeen ? seen : done;
            var change = cursor.Current!;
            if (query.Node.Length == 0 || change.Node == query.Node || change.Subject == query.Node || IsOfMany(change, isSeen))
                found.Add(new EventView($"{(isSeen ? 's' : 'd')}{change.Number}", change));
            await cursor.MoveAsync();
        }
        return new EventPage(found.ToImmutable(), (seen.Current ?? done.Current) is null ? "" : Place(seen, done), newest);
    }

    /// <summary>
    /// The place below which the list goes on with what was there by then, found by bisection: the numbers follow time, but for a controller whose clock was
    /// set: where many entries have another's time some are missed. O(log events) reads.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public async Task<string> PlaceBehindAsync(DateTimeOffset at, CancellationToken cancel)
    {
        var seen = await FirstAfterAsync(StoreKeys.EventFolder, entry => EventRecord.TryRead(entry)?.Time, at, cancel);
        var done = await FirstAfterAsync(StoreKeys.AuditFolder, entry => AuditTrail.TryRead(entry) is { } record ? DateTimeOffset.FromUnixTimeSeconds(record.Time) : null, at, cancel);
        return string.Create(CultureInfo.InvariantCulture, $"{seen}.{done}");
    }

    /// <summary>The first number whose entry is of later; one more than the last where there is none. Numbers may be missing.</summary>
    private async Task<long> FirstAfterAsync(string folder, Func<StoreEntry, DateTimeOffset?> timeOf, DateTimeOffset at, CancellationToken cancel)
    {
        var all = StoreRange.Folder(folder);
        if (await OneAsync(all, cancel) is not { } oldest || await OneAsync(all with { Backwards = true }, cancel) is not { } newest)
            return 1;
        var (low, high) = (StoreKeys.NumberOf(oldest.Key), StoreKeys.NumberOf(newest.Key) + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var entry = await OneAsync(all with { From = StoreKeys.Numbered(folder, middle) }, cancel);
            var number = entry is { } there ? StoreKeys.NumberOf(there.Key) : high;
            // What cannot be read is taken for older: it is passed over anyhow.
            if (number < high && !(timeOf(entry!.Value) > at))
                low = number + 1;
            else
                high = middle;
        }
        return low;
    }

    private async Task<StoreEntry?> OneAsync(StoreRange range, CancellationToken cancel) =>
        (await directory.ReadAsync(range with { Limit = 1 }, cancel)).Entries is [var entry, ..] ? entry : null;

    /// <summary>What many nodes did at once names only some of them: it may be about any.</summary>
    private static bool IsOfMany(MeshEvent change, bool isSeen) => isSeen && change.Node.Length == 0;

    /// <summary>Below which both lists go on.</summary>
    private static string Place(Cursor seen, Cursor done) => string.Create(CultureInfo.InvariantCulture, $"{seen.Below}.{done.Below}");

    private static (long Seen, long Done) Place(string place, (long Seen, long Done) none)
    {
        if (place.Length == 0)
            return none;
        return place.Split('.') is [var seen, var done] && long.TryParse(seen, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(done, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : throw new RefusalException(RefusalReason.Precondition, $"\"{place}\" is no place in the list of events: take `next` or `newest` of an earlier answer.");
    }

    private async IAsyncEnumerable<MeshEvent> SeenAsync(long below, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var entry in BackwardsAsync(StoreKeys.EventFolder, below, cancel))
        {
            if (EventRecord.TryRead(entry) is { } record)
                yield return record.ToEvent(StoreKeys.NumberOf(entry.Key));
        }
    }

    private async IAsyncEnumerable<MeshEvent> DoneAsync(long below, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var entry in BackwardsAsync(StoreKeys.AuditFolder, below, cancel))
        {
            if (AuditTrail.TryRead(entry) is { } record)
                yield return ToEvent(record, StoreKeys.NumberOf(entry.Key));
        }
    }

    private async IAsyncEnumerable<StoreEntry> BackwardsAsync(string folder, long below, [EnumeratorCancellation] CancellationToken cancel)
    {
        var range = StoreRange.Folder(folder) with { Limit = PageSize, Backwards = true };
        if (below != long.MaxValue)
            range = range with { Until = StoreKeys.Numbered(folder, below) };
        while (true)
        {
            var page = (await directory.ReadAsync(range, cancel)).Entries;
            foreach (var entry in page)
                yield return entry;
            if (page.Count < PageSize)
                yield break;
            range = range with { Until = page[^1].Key };
        }
    }

    private MeshEvent ToEvent(AuditRecord record, long number)
    {
        var kind = KindOf(record.Operation);
        return new MeshEvent
        {
            Number = number,
            Time = DateTimeOffset.FromUnixTimeSeconds(record.Time),
            Kind = kind.Name,
            Node = record.Nodes is [var node] ? NameOf(node) : "",
            Subject = kind == EventKinds.Changed ? $"{record.Operation} {record.Object}" : record.Object,
            Actor = record.Actor,
            From = record.Before,
            To = record.After,
            Text = record.Reason,
        };
    }

    private static EventKind KindOf(string operation) => operation switch
    {
        _ when operation == Operation.Enrol.Name || operation == Operation.Adopt.Name => EventKinds.NodeJoined,
        _ when operation == Operation.Leave.Name || operation == Operation.RemoveNode.Name => EventKinds.NodeLeft,
        _ when operation == Operation.AddGrant.Name => EventKinds.GrantAdded,
        _ when operation == Operation.RemoveGrant.Name => EventKinds.GrantRemoved,
        _ when operation == Operation.AddAddress.Name => EventKinds.AddressAdded,
        _ when operation == Operation.RemoveAddress.Name => EventKinds.AddressRemoved,
        _ => EventKinds.Changed,
    };

    private string NameOf(uint node) => directory.State.Nodes.TryGetValue(node, out var entry) ? entry.Record.HostName : $"node {node}";

    /// <summary>One of the two lists, the newest first.</summary>
    /// <param name="entries">Below the place to go on from.</param>
    /// <param name="below">That place; the newest of all: long.MaxValue.</param>
    /// <param name="above">The list ends before it comes to a lower number.</param>
    /// <param name="since">What is older is passed over.</param>
    private sealed class Cursor(IAsyncEnumerator<MeshEvent> entries, long below, long above, DateTimeOffset since) : IAsyncDisposable
    {
        private bool _hasEnded;

        /// <summary>Null: there are no more.</summary>
        public MeshEvent? Current { get; private set; }

        /// <summary>All from this number on were looked at, whatever has come since.</summary>
        public long Below { get; private set; } = below;

        public async Task MoveAsync()
        {
            if (Current is { } last)
                Below = last.Number;
            Current = null;
            for (var old = 0; !_hasEnded && Current is null && old < MostOld; old++)
                Take(await entries.MoveNextAsync() ? entries.Current : null);
            _hasEnded |= Current is null;
        }

        public ValueTask DisposeAsync() => entries.DisposeAsync();

        private void Take(MeshEvent? entry)
        {
            if (Below == long.MaxValue)
                Below = (entry?.Number ?? 0) + 1;
            if (entry is null || entry.Number < above)
                _hasEnded = true;
            else if (entry.Time >= since)
                Current = entry;
        }
    }
}

/// <param name="Limit">How many, at least 1.</param>
/// <param name="Node">Hostname of the node that tells it, or that it is about; empty: anything.</param>
/// <param name="Since">None before that.</param>
/// <param name="Below">Goes on from <see cref="EventPage.Next"/>; empty: from the newest.</param>
/// <param name="Above">Only what came after <see cref="EventPage.Newest"/> of an earlier page; empty: anything.</param>
internal sealed record EventQuery(int Limit, string Node, DateTimeOffset Since, string Below, string Above = "");

/// <param name="Events">The newest first.</param>
/// <param name="Next">Where to go on; empty: there are no more.</param>
/// <param name="Newest">Place of the newest of all at that moment.</param>
internal sealed record EventPage(ImmutableArray<EventView> Events, string Next, string Newest);

/// <param name="Id">Of no other event.</param>
/// <param name="Event">What changed.</param>
internal sealed record EventView(string Id, MeshEvent Event);
