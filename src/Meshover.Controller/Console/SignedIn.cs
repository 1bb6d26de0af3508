using System.Collections.Immutable;
using Meshover.Console.SignIn;
using Meshover.Controller.Administration;

namespace Meshover.Controller.Console;

/// <summary>The console's sessions, as administration knows them.</summary>
internal sealed class SignedIn(Sessions sessions) : IConsoleSessions
{
    public ImmutableArray<SessionView> List() => [.. sessions.List().Select(ToView)];

    public void End(Func<SessionView, bool> which) => sessions.End(session => which(ToView(session)));

    private static SessionView ToView(LiveSession session) =>
        new(session.Id, session.User.Name, session.User.Role.ToString().ToLowerInvariant(), session.User.From, session.Began, session.Ends);
}
