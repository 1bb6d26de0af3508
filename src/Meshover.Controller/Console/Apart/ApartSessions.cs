using System.Collections.Immutable;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.State;

namespace Meshover.Controller.Console.Apart;

/// <summary>
/// Who is signed in to consoles that run apart, as each of them says every few seconds; in memory, and bounded. Which of those have ended they are told with the
/// answer, listed or not: those whose token is good no more, and those that began before an administrator ordered an end to them. Thread-safe.
/// </summary>
internal sealed class ApartSessions(MeshDirectory directory, ConsoleTokens tokens, TimeProvider time)
{
    public const int MostConsoles = 16;

    /// <summary>That are listed, of all consoles together; and that one may have.</summary>
    public const int MostSessions = Meshover.Console.SignIn.Sessions.Most;

    /// <summary>A console that says nothing for so long has gone, and its sessions with it. Longer than a report may take, and the next comes.</summary>
    private static readonly TimeSpan KnownFor = 4 * SessionsReporter.Every;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long At, ImmutableArray<SessionView> Sessions)> _consoles = new(StringComparer.Ordinal);

    /// <exception cref="ConsoleRefusalException">No console has so many.</exception>
    public SessionsAnswer Take(SessionsReport report)
    {
        if (report.Sessions.Length > MostSessions)
            throw new ConsoleRefusalException($"A console has at most {MostSessions} sessions.");
        // By the controller's clock, as orders are.
        var ahead = time.GetUtcNow() - report.Now;
        ImmutableArray<SessionView> sessions = [.. report.Sessions.Select(session => session with { Began = Later(session.Began, ahead), Ends = Later(session.Ends, ahead) })];
        lock (_lock)
        {
            ForgetLocked();
            return new SessionsAnswer([.. sessions.Where(HasEnded).Select(session => session.Id)], ListLocked(report.Console, sessions));
        }
    }

    public ImmutableArray<SessionView> List()
    {
        lock (_lock)
        {
            ForgetLocked();
            return [.. _consoles.Values.SelectMany(console => console.Sessions).Where(session => !HasEnded(session))];
        }
    }

    private bool HasEnded(SessionView session) => (session.Token is { } token && !tokens.MayGoOn(token)) || IsOrdered(session);

    // Orders are to a second: what began in the same one ends, too.
    private bool IsOrdered(SessionView session) =>
        directory.State.Get<SessionsEndedRecord>(StoreKeys.Ended) is { } last && last.Orders().Any(order => session.Began.ToUnixTimeSeconds() <= order.Time && session.IsOf(order.Who));

    /// <summary>Why they are not all listed; null: they are.</summary>
    private string? ListLocked(string console, ImmutableArray<SessionView> sessions)
    {
        if (_consoles.Count >= MostConsoles && !_consoles.ContainsKey(console))
            return $"Its controller lists who is signed in to at most {MostConsoles} consoles apart from it, and this is one more: stop some. Sessions here can be ended all the same.";
        var room = MostSessions - _consoles.Where(other => other.Key != console).Sum(other => other.Value.Sessions.Length);
        _consoles[console] = (time.GetTimestamp(), [.. sessions.Take(room)]);
        return sessions.Length <= room ? null : $"Its controller lists at most {MostSessions} sessions of all consoles apart from it, and so not all of this one. They can be ended all the same.";
    }

    private void ForgetLocked()
    {
        foreach (var gone in _consoles.Where(console => time.GetElapsedTime(console.Value.At) > KnownFor).Select(console => console.Key).ToList())
            _consoles.Remove(gone);
    }

    // Within what a time can be, whatever a console says.
    private static DateTimeOffset Later(DateTimeOffset at, TimeSpan by) => new(Math.Clamp(at.UtcTicks + by.Ticks, DateTimeOffset.MinValue.UtcTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
}
