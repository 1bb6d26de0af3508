using Meshover.Controller.Audit;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary>A change of the store by a command of its own, with the controller stopped.</summary>
internal static class OfflineChange
{
    /// <param name="paths">Where the store is.</param>
    /// <param name="operation">What it is called.</param>
    /// <param name="change">Drafts it on a state that has the mesh's keys.</param>
    /// <param name="now">For the audit.</param>
    /// <param name="cancel">Gives up; nothing is changed then.</param>
    /// <returns>What the change returned.</returns>
    /// <exception cref="ConfigException">There is no store.</exception>
    /// <exception cref="Stores.StoreException">A controller uses the store, or it cannot be used.</exception>
    public static async Task<T> RunAsync<T>(ControllerPaths paths, Operation operation, Func<Draft, T> change, DateTimeOffset now, CancellationToken cancel)
    {
        if (!File.Exists(paths.Store))
            throw new ConfigException($"There is no store {paths.Store}: run this on the controller's machine, or name its directory with --state.");
        await using var store = SqliteStore.Open(paths.Store);
        var draft = new Draft(await MeshState.LoadAsync(store, cancel));
        if (draft.State.Get<SecretRecord>(StoreKeys.Secret) is null)
            throw StoreDamage.Of("use", paths.Store, "its keys are missing");
        var result = change(draft);
        await CommitAsync(store, draft, operation, now, cancel);
        return result;
    }

    /// <summary>Commits what was drafted for whoever runs the command, with its record in the audit.</summary>
    public static async Task CommitAsync(IStore store, Draft draft, Operation operation, DateTimeOffset now, CancellationToken cancel)
    {
        var trail = await AuditTrail.ReadAsync(store, changes: 1, now, cancel);
        await store.CommitAsync([trail.Note(new Cause(Actor.Command(), operation, Reason.None), draft.State, draft.ToTransaction())], cancel);
    }
}
