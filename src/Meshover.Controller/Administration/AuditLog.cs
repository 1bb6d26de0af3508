using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.Audit;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Administration;

/// <summary>What was changed, by whom and why, for whatever face of the controller asks.</summary>
internal sealed class AuditLog(MeshDirectory directory)
{
    private const int PageSize = 500;

    /// <summary>The newest first. O(records) where a node is asked for of which there are few.</summary>
    /// <exception cref="RefusalException">There was never such a node, as far as is known.</exception>
    public async Task<AuditPage> ListAsync(AuditQuery query, CancellationToken cancel)
    {
        var concerns = ConcernedBy(query.Node);
        var found = ImmutableArray.CreateBuilder<AuditView>();
        var folder = query.Routine ? StoreKeys.RoutineFolder : StoreKeys.AuditFolder;
        var range = StoreRange.Folder(folder) with { Limit = PageSize, Backwards = true };
        if (query.Below > 0)
            range = range with { Until = StoreKeys.Numbered(folder, query.Below) };
        while (true)
        {
            var page = (await directory.ReadAsync(range, cancel)).Entries;
            foreach (var entry in page)
            {
                if (AuditTrail.TryRead(entry) is { } record && concerns(record))
                    found.Add(new AuditView(record.Revision == 0 ? entry.Modified : record.Revision, record));
                if (found.Count == query.Limit)
                    return new AuditPage(found.ToImmutable(), StoreKeys.NumberOf(entry.Key));
            }
            if (page.Count < PageSize)
                return new AuditPage(found.ToImmutable(), 0);
            range = range with { Until = page[^1].Key };
        }
    }

    // A name may have been that of several, one after the other.
    private Func<AuditRecord, bool> ConcernedBy(string name)
    {
        if (name.Length == 0)
            return _ => true;
        var ids = HostName.TryNormalise(name, out var normal, out _)
            ? directory.State.Nodes.Where(node => node.Value.Record.HostName == normal).Select(node => node.Key).ToHashSet() : [];
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            ids.Add(id);
        return ids.Count > 0 ? record => record.Nodes.Any(ids.Contains) : throw new RefusalException(RefusalReason.NotFound,
            $"No node is called \"{name}\" now, nor was one that was removed in the last {Tombstones.KeptFor.TotalDays:0} days. By its id (`--node 7`) a node is found whatever it was called.");
    }
}

/// <param name="Limit">How many, at least 1.</param>
/// <param name="Node">Hostname or id of the node that it is about; empty: about anything.</param>
/// <param name="Below">Goes on from <see cref="AuditPage.Next"/>; 0: from the newest.</param>
/// <param name="Routine">What the controller does by itself, instead of what somebody did.</param>
internal sealed record AuditQuery(int Limit, string Node = "", long Below = 0, bool Routine = false);

/// <param name="Records">The newest first.</param>
/// <param name="Next">Where to go on; 0: there are no more.</param>
internal sealed record AuditPage(ImmutableArray<AuditView> Records, long Next);

/// <param name="Revision">Of the store, that made the change; where a backup was restored since, of the store that there was.</param>
/// <param name="Record">The rest.</param>
internal sealed record AuditView(long Revision, AuditRecord Record);
