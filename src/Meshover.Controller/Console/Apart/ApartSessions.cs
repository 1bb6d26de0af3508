using System.Collections.Immutable;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;

namespace Meshover.Controller.Console.Apart;

/// <summary>
/// Who is signed in to consoles that run apart, as each of them says every few seconds; and whom of those an administrator has ended, which they are told with
/// the answer. In memory. Thread-safe.
/// </summary>
internal sealed class ApartSessions(TimeProvider time) : IConsoleSessions
{
    public const int MostConsoles = 16;
    public const int MostSessions = Meshover.Console.SignIn.Sessions.Most;

    /// <summary>A console that says nothing for so long has gone, and its sessions with it.</summary>
    private static readonly TimeSpan KnownFor = 4 * SessionsReporter.Every;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long At, ImmutableArray<SessionView> Sessions)> _consoles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _ended = new(StringComparer.Ordinal);

    /// <exception cref="ConsoleRefusalException">There are more than there may be.</exception>
    public SessionsEnded Take(SessionsReport report)
    {
        lock (_lock)
        {
            ForgetLocked();
            if (report.Sessions.Length > MostSessions || (_consoles.Count >= MostConsoles && !_consoles.ContainsKey(report.Console)))
                throw new ConsoleRefusalException($"A controller knows at most {MostConsoles} consoles apart from it, and {MostSessions} sessions of each.");
            _consoles[report.Console] = (time.GetTimestamp(), report.Sessions);
            return new SessionsEnded([.. report.Sessions.Select(session => session.Id).Where(_ended.ContainsKey)]);
        }
    }

    public ImmutableArray<SessionView> List()
    {
        lock (_lock)
        {
            ForgetLocked();
            return [.. _consoles.Values.SelectMany(console => console.Sessions).Where(session => !_ended.ContainsKey(session.Id))];
        }
    }

    public void End(Func<SessionView, bool> which)
    {
        var ended = List().Where(which).ToList();
        lock (_lock)
        {
            foreach (var session in ended)
                _ended[session.Id] = session.Ends;
        }
    }

    private void ForgetLocked()
    {
        foreach (var gone in _consoles.Where(console => time.GetElapsedTime(console.Value.At) > KnownFor).Select(console => console.Key).ToList())
            _consoles.Remove(gone);
        foreach (var over in _ended.Where(session => session.Value <= time.GetUtcNow()).Select(session => session.Key).ToList())
            _ended.Remove(over);
    }
}
