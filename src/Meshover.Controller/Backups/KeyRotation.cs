using System.Globalization;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;

namespace Meshover.Controller.Backups;

/// <summary><c>rotate-key</c>: what backups hold of the signing key becomes worthless.</summary>
internal static class KeyRotation
{
    /// <returns>What it means, in a sentence.</returns>
    /// <exception cref="ConfigException">There is no store.</exception>
    /// <exception cref="Stores.StoreException">A controller uses the store, or it cannot be used.</exception>
    public static async Task<string> RunAsync(ControllerPaths paths, bool keepFormer, TimeProvider time, CancellationToken cancel)
    {
        var until = await OfflineChange.RunAsync(paths, Operation.RotateKey,
            draft => SigningKeys.Rotate(draft, keepFormer, time.GetUtcNow().ToUnixTimeSeconds()), time.GetUtcNow(), cancel);
        return until == 0
            ? "Tokens and credentials have a new key. Join strings that were made before are void; nodes get new credentials by themselves."
            : string.Create(CultureInfo.InvariantCulture, $"Tokens and credentials have a new key. The former one is kept until {DateTimeOffset.FromUnixTimeSeconds(until):u}, for the join strings that are out.");
    }
}
