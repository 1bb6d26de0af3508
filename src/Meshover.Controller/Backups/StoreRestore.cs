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
/// <c>restore</c>: the store becomes what the backup says, under a new name. Nodes that enrolled since the backup are adopted by their
/// credentials for <see cref="AdoptionPeriod"/>, and allocation jumps ahead so that their numbers are not given to others meanwhile.
/// </summary>
internal static class StoreRestore
{
    private static readonly TimeSpan AdoptionPeriod = TimeSpan.FromDays(7);

    /// <param name="paths">Where the store and the configuration go.</param>
    /// <param name="file">The backup; it is not changed.</param>
    /// <param name="replace">Put a present store aside.</param>
    /// <param name="time">For the time of adoption.</param>
    /// <param name="cancel">Gives up; nothing is changed then.</param>
    /// <exception cref="ConfigException">What is in the way; nothing was changed.</exception>
    /// <exception cref="StoreException">The backup or the store cannot be used; nothing was changed.</exception>
    public static async Task RunAsync(ControllerPaths paths, string file, bool replace, TimeProvider time, CancellationToken cancel)
    {
        if (!File.Exists(file))
            throw new ConfigException($"There is no backup {file}.");
        if (File.Exists(paths.Store) && !replace)
            throw new ConfigException($"{paths.State} already holds a mesh: give --replace to put its store aside, or name another directory with --state.");
        try
        {
            PrivateDirectory.Create(paths.State);
            using var held = StoreLock.Take(paths.Store); // refused while a controller runs
            await ReplaceAsync(paths, file, time, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Cannot write {paths.State}: {e.Message} Run it as root, or name another directory with --state.");
        }
    }

    private static async Task ReplaceAsync(ControllerPaths paths, string file, TimeProvider time, CancellationToken cancel)
    {
        var building = paths.Store + ".restoring";
        try
        {
            StoreFiles.Delete(building);
            Copy(file, building);
            var mesh = await RenewAsync(building, time, cancel);
            StoreFiles.Move(paths.Store, $"{paths.Store}.before-{time.GetUtcNow():yyyyMMddHHmmss}");
            StoreFiles.Move(building, paths.Store);
            if (!File.Exists(paths.Config))
                Initialiser.WriteConfig(ConfigOf(mesh), paths.Config);
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
            using var source = SqliteStore.Connect(file, SqliteOpenMode.ReadOnly);
            SqliteCheck.Verify(source);
            using var target = SqliteStore.Connect(building, SqliteOpenMode.ReadWriteCreate);
            source.BackupDatabase(target);
        }
        catch (SqliteException e)
        {
            throw new StoreException("restore", file, $"it is no backup of a controller ({e.Message}).", e);
        }
    }

    private static async Task<MeshRecord> RenewAsync(string building, TimeProvider time, CancellationToken cancel)
    {
        await using var store = SqliteStore.Open(building);
        var state = MeshState.Load(await store.ReadAsync("", cancel));
        if (state.Get<MeshRecord>(StoreKeys.Mesh) is null || state.Get<SecretRecord>(StoreKeys.Secret) is null)
            throw new StoreException("restore", building, "the file is no backup of a controller: it holds no mesh.");
        var draft = new Draft(state);
        Renew(draft, (time.GetUtcNow() + AdoptionPeriod).ToUnixTimeSeconds());
        await store.CommitAsync([draft.ToTransaction()], cancel);
        return state.Mesh;
    }

    /// <summary>Gives the store its new name, remembers the old one, and jumps ahead.</summary>
    internal static void Renew(Draft draft, long adoptUntil)
    {
        var state = draft.State;
        var ancestor = new AncestorRecord(state.Mesh.StoreId, state.Revision, adoptUntil);
        draft.Put(StoreKeys.Mesh, state.Mesh with { StoreId = Guid.NewGuid().ToString("N"), Ancestors = state.Mesh.Ancestors.Add(ancestor) });
        draft.Put(StoreKeys.Allocation, new AllocationRecord(
            state.Allocation.NextId + Allocator.RestoreJump, state.Allocation.NextNumber + Allocator.RestoreJump));
    }

    private static ControllerConfig ConfigOf(MeshRecord mesh) => new()
    {
        Address = [.. mesh.Controllers],
        Port = HostPort.TryParse(mesh.Controllers.FirstOrDefault(), out var address) ? address.Port : ControllerConfig.DefaultPort,
        Pool4 = mesh.Pool4,
        Pool6 = mesh.Pool6,
        TunnelPool = mesh.TunnelPool,
        Asn = $"{mesh.AsnFirst}-{mesh.AsnLast}",
    };
}
