using Meshover.Controller.Audit;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Initialisation;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Meshover.Mesh.Addressing;
using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary>
/// <c>restore</c>: the store becomes what the backup says, under a new name, and what was decided against somebody since the backup, as far as
/// the store that is replaced or its journal tells it, still holds. Nodes that enrolled since the backup are adopted by their credentials
/// where and for as long as the administrator says so; allocation jumps ahead so that their numbers are not given to others meanwhile.
/// </summary>
internal static class StoreRestore
{
    private static readonly TimeSpan RestWhereUnknown = TimeSpan.FromHours(24);

    /// <param name="paths">Where the store and the configuration go.</param>
    /// <param name="file">The backup; it is not changed.</param>
    /// <param name="replace">Put a present store aside.</param>
    /// <param name="adopt">For how long nodes that the backup lacks are let in by their credentials; null: not.</param>
    /// <param name="time">For the time of adoption.</param>
    /// <param name="cancel">Gives up; nothing is changed then.</param>
    /// <returns>What was done and what could not be known; a sentence or two each.</returns>
    /// <exception cref="ConfigException">What is in the way; nothing was changed.</exception>
    /// <exception cref="StoreException">The backup or the store cannot be used; nothing was changed.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(
        ControllerPaths paths, string file, bool replace, TimeSpan? adopt, TimeProvider time, CancellationToken cancel)
    {
        if (!File.Exists(file))
            throw new ConfigException($"There is no backup {file}.");
        if (File.Exists(paths.Store) && !replace)
            throw new ConfigException($"{paths.State} already holds a mesh: give --replace to put its store aside, or name another directory with --state.");
        try
        {
            PrivateDirectory.Create(paths.State);
            using var held = StoreLock.Take(paths.Store); // refused while a controller runs
            return await ReplaceAsync(paths, file, adopt, time, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Cannot write {paths.State}: {e.Message} Run it as root, or name another directory with --state.");
        }
    }

    private static async Task<IReadOnlyList<string>> ReplaceAsync(
        ControllerPaths paths, string file, TimeSpan? adopt, TimeProvider time, CancellationToken cancel)
    {
        var building = paths.Store + ".restoring";
        try
        {
            StoreFiles.Delete(building);
            Copy(file, building);
            var (state, report) = await RenewAsync(building, paths, adopt, time.GetUtcNow(), cancel);
            StoreFiles.Move(paths.Store, $"{paths.Store}.before-{time.GetUtcNow():yyyyMMddHHmmss}");
            StoreFiles.Move(building, paths.Store);
            if (!File.Exists(paths.Config))
                Initialiser.WriteConfig(ConfigOf(state.Mesh), paths.Config);
            RefusalJournal.Write(paths.Journal, state);
            return report;
        }
        finally
        {
            StoreFiles.Delete(building);
        }
    }

    private static void Copy(string file, string building)
    {
        try
        {
            SqliteCopy.Write(file, building, SqliteOpenMode.ReadOnly);
        }
        catch (SqliteException e)
        {
            throw new StoreException("restore", file, $"it is not a backup of a controller ({e.Message}).", e);
        }
    }

    private static async Task<(MeshState State, IReadOnlyList<string> Report)> RenewAsync(
        string building, ControllerPaths paths, TimeSpan? adopt, DateTimeOffset now, CancellationToken cancel)
    {
        await using var store = SqliteStore.Open(building);
        var backup = await MeshState.LoadAsync(store, cancel);
        if (backup.Get<MeshRecord>(StoreKeys.Mesh) is not { } mesh || backup.Get<SecretRecord>(StoreKeys.Secret) is null)
            throw new StoreException("restore", building, "the file is not a backup of a controller: it holds no mesh.");
        var former = await FormerStore.ReadAsync(paths, mesh, cancel);
        var draft = new Draft(backup);
        Renew(draft, former.State, adopt is { } period ? (now + period).ToUnixTimeSeconds() : 0);
        var carried = Decisions.Carry(draft, former.State, (now + RestWhereUnknown).ToUnixTimeSeconds());
        await AuditTrail.CarryAsync(store, former.Audit, cancel);
        await OfflineChange.CommitAsync(store, draft, Operation.Restore, now, cancel);
        return (await MeshState.LoadAsync(store, cancel), [.. RestoreReport.Describe(backup, former, carried, adopt, now)]);
    }

    /// <summary>Gives the store its new name, remembers those that it comes from, and jumps ahead.</summary>
    /// <param name="draft">On the backup.</param>
    /// <param name="former">Of the store that is replaced, what could be read.</param>
    /// <param name="adoptUntil">Until when nodes that the backup lacks are adopted; 0: they are not.</param>
    internal static void Renew(Draft draft, MeshState former, long adoptUntil)
    {
        var state = draft.State;
        // The backup's keys may have been given up because others have them.
        var secret = former.Get<SecretRecord>(StoreKeys.Secret);
        draft.Put(StoreKeys.Mesh, state.Mesh with
        {
            CaPins = secret is null ? state.Mesh.CaPins : former.Mesh.CaPins,
            StoreId = Guid.NewGuid().ToString("N"),
            Ancestors = [.. Lineage(state, former).DistinctBy(ancestor => ancestor.StoreId).Select(ancestor => ancestor with { AdoptUntil = adoptUntil })],
        });
        if (secret is not null)
            draft.Put(StoreKeys.Secret, secret);
        var newest = former.Nodes.Count == 0 ? 0 : former.Nodes.Keys.Last();
        draft.Put(StoreKeys.Allocation, state.Allocation with
        {
            NextId = Math.Max(Math.Max(state.Allocation.NextId, former.Allocation.NextId), newest + 1) + Allocator.RestoreJump,
            NextNumber = Math.Max(state.Allocation.NextNumber, former.Allocation.NextNumber) + Allocator.RestoreJump,
        });
    }

    // The backup's own first: what it says of a store's revision holds for what it lacks. A store that it knows nothing of began after it.
    private static IEnumerable<AncestorRecord> Lineage(MeshState backup, MeshState former)
    {
        var own = backup.Mesh.Ancestors.Add(new AncestorRecord(backup.Mesh.StoreId, backup.Revision, 0));
        if (former.Get<MeshRecord>(StoreKeys.Mesh) is not { } mesh)
            return own;
        return own.Concat(mesh.Ancestors.Select(ancestor => ancestor with { Revision = 0 })).Append(new AncestorRecord(mesh.StoreId, 0, 0));
    }

    private static ControllerConfig ConfigOf(MeshRecord mesh) => new()
    {
        Address = [.. mesh.Controllers],
        Port = HostPort.TryParse(mesh.Controllers.FirstOrDefault(), out var address) ? address.Port : ControllerConfig.DefaultPort,
        Pool4 = mesh.Pool4,
        Pool6 = mesh.Pool6,
        TunnelPool = mesh.TunnelPool,
        WorkloadPool4 = mesh.WorkloadPool4,
        WorkloadPool6 = mesh.WorkloadPool6,
        Asn = $"{mesh.AsnFirst}-{mesh.AsnLast}",
    };
}
