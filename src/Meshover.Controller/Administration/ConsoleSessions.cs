using System.Collections.Immutable;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Administration;

/// <summary>Who is signed in to the console, whatever face of the controller asks.</summary>
internal interface IConsoleSessions
{
    /// <summary>The oldest first; at most 1,000 of the controller's own console, and 1,000 of all that run apart.</summary>
    ImmutableArray<SessionView> List();

    /// <summary>Ends those of the controller's own console; pages that are open see it within seconds. Those that run apart hear of it by the record of the order.</summary>
    void End(Func<SessionView, bool> which);
}

/// <param name="Id">Names it to people; nobody signs in by it.</param>
/// <param name="Name">As the audit has it.</param>
/// <param name="From">The address at which it began.</param>
internal sealed record SessionView(string Id, string Name, string Role, string From, DateTimeOffset Began, DateTimeOffset Ends)
{
    /// <summary>The id of the console's token with which it began; null: it began at a provider.</summary>
    public string? Token { get; init; }

    /// <summary>By its id, its name, or what of its name stands before the provider's part.</summary>
    public bool IsOf(string who) => who.Length > 0 && (Id == who || Name == who || Name.StartsWith($"{who} (", StringComparison.Ordinal));
}

/// <summary>What administrators do with sessions of the console.</summary>
internal sealed class ConsoleSessions(MeshDirectory directory, IConsoleSessions sessions, TimeProvider time)
{
    public ImmutableArray<SessionView> List() => sessions.List();

    /// <summary>Ends somebody's sessions, also those at consoles apart that say of them only later. The audit has it first.</summary>
    /// <param name="actor">Who.</param>
    /// <param name="reason">Why.</param>
    /// <param name="who">Whose: a name, or a session's id.</param>
    /// <param name="cancel">Gives up before it is written down.</param>
    /// <returns>How many are known of.</returns>
    /// <exception cref="RefusalException">Nobody is named.</exception>
    public async Task<int> EndAsync(Actor actor, Reason reason, string who, CancellationToken cancel)
    {
        if (who.Length == 0)
            throw new RefusalException(RefusalReason.NotFound, "Name whose sessions are to end: `meshover-controller console-session list` shows who is signed in.");
        var count = sessions.List().Count(session => session.IsOf(who));
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        cancel.ThrowIfCancellationRequested();
        // What is written down as ended must end, also if nobody waits for it any more.
        await directory.ChangeAsync(new Cause(actor, Operation.EndSessions, reason), draft =>
            draft.Put(StoreKeys.Ended, SessionsEndedRecord.After(draft.State.Get<SessionsEndedRecord>(StoreKeys.Ended), who, count, now)), CancellationToken.None);
        sessions.End(session => session.IsOf(who));
        return count;
    }
}
