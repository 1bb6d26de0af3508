using System.Collections.Immutable;
using Meshover.Console.SignIn;
using Meshover.Controller.Administration;
using Meshover.Controller.Console.Apart;

namespace Meshover.Controller.Console;

/// <summary>The consoles' sessions, as administration knows them: of the controller's own, and of those that run apart.</summary>
internal sealed class SignedIn(Sessions sessions, ApartSessions apart) : IConsoleSessions
{
    public ImmutableArray<SessionView> List() =>
        [.. sessions.List().Select(ToView).Concat(apart.List()).OrderBy(session => session.Began).ThenBy(session => session.Id, StringComparer.Ordinal)];

    public void End(Func<SessionView, bool> which) => sessions.End(session => which(ToView(session)));

    internal static SessionView ToView(LiveSession session) =>
        new(session.Id, session.User.Name, session.User.Role.ToString().ToLowerInvariant(), session.User.From, session.Began, session.Ends) { Token = session.Token };
}
