using System.Runtime.InteropServices;

namespace Meshover.Telemetry.Logging;

/// <summary>
/// Lets the first lines of an event pass, and counts those that follow: whatever goes wrong again and again is told, and fills no disk. Thread-safe. Memory: an
/// entry for each kind of event that there was.
/// </summary>
public sealed class EventGate(TimeProvider time)
{
    /// <summary>Of one event within <see cref="Window"/>.</summary>
    public const int AtOnce = 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    /// <param name="id">Which event.</param>
    /// <param name="isFirstWithheld">Nothing was withheld of it in this window before.</param>
    public bool Passes(string id, out bool isFirstWithheld)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            var seen = _seen.GetValueOrDefault(id);
            // What is withheld is told by TakeWithheld alone: until then its window goes on.
            if (seen.Passed == 0 || (seen.Withheld == 0 && time.GetElapsedTime(seen.Since, now) >= Window))
                seen = new Seen(now, 0, 0);
            var passes = seen.Passed < AtOnce;
            isFirstWithheld = !passes && seen.Withheld == 0;
            _seen[id] = passes ? seen with { Passed = seen.Passed + 1 } : seen with { Withheld = seen.Withheld + 1 };
            return passes;
        }
    }

    /// <summary>How often each event was withheld whose window is over; it begins anew.</summary>
    /// <param name="all">Of each, whether its window is over or not.</param>
    /// <param name="left">Events go on being withheld whose window is not over.</param>
    public IReadOnlyList<(string Id, int Count)> TakeWithheld(bool all, out bool left)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            var withheld = _seen.Where(pair => pair.Value.Withheld > 0).ToList();
            var over = withheld.Where(pair => all || time.GetElapsedTime(pair.Value.Since, now) >= Window).Select(pair => (pair.Key, pair.Value.Withheld)).ToList();
            foreach (var (id, _) in over)
                _seen.Remove(id);
            left = over.Count < withheld.Count;
            return over;
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Seen(long Since, int Passed, int Withheld);
}
