using System.Collections.Immutable;
using System.Text.Json;
using Meshover.Controller.Configuration;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary>What can still be read of the store that a restore replaces: all of it, else its journal of decisions, else nothing.</summary>
/// <param name="State">Empty where there is nothing.</param>
/// <param name="IsWhole">It is the store itself.</param>
/// <param name="Unknown">What was decided since the backup and cannot be known; a phrase each.</param>
/// <param name="Reason">Why it is not the whole store.</param>
internal sealed record FormerStore(MeshState State, bool IsWhole, ImmutableArray<string> Unknown, string Reason)
{
    private const string Uses = "how often join tokens were used";
    private const string Key = "whether the signing key was changed (`rotate-key --drop-former` drops a former one again)";
    private const string Authority = "whether the authority was replaced (nodes that know only the new one must leave and join again)";

    /// <summary>Its audit; empty where the store could not be read.</summary>
    public IReadOnlyList<StoreEntry> Audit { get; private init; } = [];

    /// <param name="paths">Where the store and its journal are, if there are any.</param>
    /// <param name="mesh">What is restored: another mesh's decisions are none of it.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<FormerStore> ReadAsync(ControllerPaths paths, MeshRecord mesh, CancellationToken cancel)
    {
        var (state, audit, reason) = await ReadStoreAsync(paths, cancel);
        if (state is not null)
            return IsOf(mesh, state) ? new(state, true, [], "") { Audit = audit } : Nothing("the store that was here is another mesh's");
        if (!File.Exists(paths.Journal))
            return Nothing($"{reason}, and there is no {paths.Journal}");
        var (journal, damaged) = RefusalJournal.Read(paths.Journal);
        if (!IsOf(mesh, journal))
            return Nothing($"{reason}, and {paths.Journal} is not this mesh's");
        return damaged == 0 ? new(journal, false, [Uses, Key, Authority], reason)
            : new(journal, false, [Uses, Key, Authority, $"what {damaged} damaged line(s) of {paths.Journal} said"], reason);
    }

    private static FormerStore Nothing(string reason) =>
        new(MeshState.Empty, false, ["which nodes were removed", "which join tokens were revoked", Uses, "which grants were withdrawn", "which further addresses were taken", Key, Authority], reason);

    // Its authority may have been replaced since the backup.
    private static bool IsOf(MeshRecord mesh, MeshState state) => state.Get<MeshRecord>(StoreKeys.Mesh) is { } other
        && (other.CaPins.Intersect(mesh.CaPins, StringComparer.Ordinal).Any() || Names(other).Intersect(Names(mesh), StringComparer.Ordinal).Any());

    private static IEnumerable<string> Names(MeshRecord mesh) => mesh.Ancestors.Select(ancestor => ancestor.StoreId).Append(mesh.StoreId);

    private static async Task<(MeshState? State, IReadOnlyList<StoreEntry> Audit, string Reason)> ReadStoreAsync(ControllerPaths paths, CancellationToken cancel)
    {
        if (!File.Exists(paths.Store))
            return (null, [], "there was no store here");
        var copy = paths.Store + ".leaving";
        try
        {
            StoreFiles.Delete(copy);
            SqliteCopy.Write(paths.Store, copy);
            await using var store = SqliteStore.Open(copy);
            return (await MeshState.LoadAsync(store, cancel), (await store.ReadAsync(StoreRange.Folder(StoreKeys.AuditFolder), cancel)).Entries, "");
        }
        catch (Exception e) when (e is SqliteException or StoreException or JsonException)
        {
            return (null, [], e is SqliteException ? $"the store that was here cannot be read ({e.Message.TrimEnd('.')})" : "the store that was here is damaged");
        }
        finally
        {
            StoreFiles.Delete(copy);
        }
    }
}
