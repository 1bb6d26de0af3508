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

    /// <summary>The newest first. O(events since) where a node is asked for of which there are few.</summary>
    /// <exception cref="RefusalException">The place to go on from is none.</exception>
    public async Task<EventPage> ListAsync(EventQuery query, CancellationToken cancel)
    {
        var (seenBelow, doneBelow) = Place(query.Below);
        await using var seen = SeenAsync(seenBelow, cancel).GetAsyncEnumerator(cancel);
        await using var done = DoneAsync(doneBelow, cancel).GetAsyncEnumerator(cancel);
        var found = ImmutableArray.CreateBuilder<EventView>();
        var (hasSeen, hasDone) = (await seen.MoveNextAsync(), await done.MoveNextAsync());
        while ((hasSeen || hasDone) && found.Count < query.Limit)
        {
            var isSeen = hasSeen && (!hasDone || seen.Current.Time >= done.Current.Time);
            var newest = isSeen ? seen.Current : done.Current;
            if (newest.Time < query.Since)
                return new EventPage(found.ToImmutable(), "");
            if (isSeen)
                (seenBelow, hasSeen) = (newest.Number, await seen.MoveNextAsync());
            else
                (doneBelow, hasDone) = (newest.Number, await done.MoveNextAsync());
            if (query.Node.Length == 0 || newest.Node == query.Node || newest.Subject == query.Node)
                found.Add(new EventView($"{(isSeen ? 's' : 'd')}{newest.Number}", newest));
        }
        return new EventPage(found.ToImmutable(), hasSeen || hasDone ? string.Create(CultureInfo.InvariantCulture, $"{seenBelow}.{doneBelow}") : "");
    }

    private static (long Seen, long Done) Place(string below)
    {
        if (below.Length == 0)
            return (long.MaxValue, long.MaxValue);
        return below.Split('.') is [var seen, var done] && long.TryParse(seen, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(done, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : throw new RefusalException(RefusalReason.Precondition, $"\"{below}\" is no place in the list of events: take `next` of the last answer.");
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
        _ => EventKinds.Changed,
    };

    private string NameOf(uint node) => directory.State.Nodes.TryGetValue(node, out var entry) ? entry.Record.HostName : $"node {node}";
}

/// <param name="Limit">How many, at least 1.</param>
/// <param name="Node">Hostname of the node that tells it, or that it is about; empty: anything.</param>
/// <param name="Since">None before that.</param>
/// <param name="Below">Goes on from <see cref="EventPage.Next"/>; empty: from the newest.</param>
internal sealed record EventQuery(int Limit, string Node, DateTimeOffset Since, string Below);

/// <param name="Events">The newest first.</param>
/// <param name="Next">Where to go on; empty: there are no more.</param>
internal sealed record EventPage(ImmutableArray<EventView> Events, string Next);

/// <param name="Id">Of no other event.</param>
/// <param name="Event">What changed.</param>
internal sealed record EventView(string Id, MeshEvent Event);
