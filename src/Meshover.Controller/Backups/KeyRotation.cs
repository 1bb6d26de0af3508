using System.Globalization;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Meshover.Controller.Stores.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary><c>rotate-key</c>: what backups hold of the signing key becomes worthless.</summary>
internal static class KeyRotation
{
    /// <returns>What it means, in a sentence.</returns>
    /// <exception cref="ConfigException">There is no store.</exception>
    /// <exception cref="Stores.StoreException">A controller uses the store, or it cannot be used.</exception>
    public static async Task<string> RunAsync(ControllerPaths paths, bool keepFormer, TimeProvider time, CancellationToken cancel)
    {
        if (!File.Exists(paths.Store))
            throw new ConfigException($"There is no store {paths.Store}: run this on the controller's machine, or name its directory with --state.");
        await using var store = SqliteStore.Open(paths.Store);
        var draft = new Draft(MeshState.Load(await store.ReadAsync("", cancel)));
        if (draft.State.Get<SecretRecord>(StoreKeys.Secret) is null)
            throw StoreDamage.Of("use", paths.Store, "its keys are missing");
        var until = SigningKeys.Rotate(draft, keepFormer, time.GetUtcNow().ToUnixTimeSeconds());
        await store.CommitAsync([draft.ToTransaction()], cancel);
        return until == 0
            ? "Tokens and credentials have a new key. Join strings that were made before are void; nodes get new credentials by themselves."
            : string.Create(CultureInfo.InvariantCulture, $"Tokens and credentials have a new key. The former one is kept until {DateTimeOffset.FromUnixTimeSeconds(until):u}, for the join strings that are out.");
    }
}
