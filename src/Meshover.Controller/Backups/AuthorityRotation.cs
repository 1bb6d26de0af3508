using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;

namespace Meshover.Controller.Backups;

/// <summary><c>rotate-ca</c> and <c>rotate-ca --finish</c>: the two steps of <see cref="AuthorityChange"/>.</summary>
internal static class AuthorityRotation
{
    /// <returns>What comes next, in a sentence or two.</returns>
    /// <exception cref="ConfigException">There is no store, or the step is not the next one; nothing was changed.</exception>
    /// <exception cref="Stores.StoreException">A controller uses the store, or it cannot be used.</exception>
    public static async Task<string> RunAsync(ControllerPaths paths, bool finish, TimeProvider time, CancellationToken cancel)
    {
        var isDone = await OfflineChange.RunAsync(paths, finish ? Operation.FinishAuthority : Operation.BeginAuthority,
            draft => finish ? AuthorityChange.TryFinish(draft) : AuthorityChange.TryBegin(draft, time.GetUtcNow()), time.GetUtcNow(), cancel);
        return (finish, isDone) switch
        {
            (false, true) => "There is a new authority, which the nodes learn of as they connect. Start the controller, wait until `meshover node list` shows "
                + "every node online, stop it and run `meshover-controller rotate-ca --finish`.",
            (false, false) => throw new ConfigException("There is already a new authority, which the nodes learn of: `rotate-ca --finish` puts it into use."),
            (true, true) => "The new authority is in use, and no node that was connected meanwhile trusts the former one. Make a new backup and destroy the "
                + "older ones; replace join strings that are out. A node that was off must leave and join again.",
            (true, false) => throw new ConfigException("There is no new authority yet: run `meshover-controller rotate-ca` first, and let the nodes learn of it."),
        };
    }
}
