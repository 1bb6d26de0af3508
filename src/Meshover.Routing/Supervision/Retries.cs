namespace Meshover.Routing.Supervision;

/// <summary>When to try again what did not help: after a second, and after twice as long each time, up to a limit; for as long as it is needed.</summary>
internal sealed class Retries<T>(TimeSpan longest, TimeProvider time) where T : notnull
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private readonly Dictionary<T, (TimeSpan Pause, long At)> _tries = [];

    /// <summary>Something that was tried may be tried again now.</summary>
    public bool AnyDue => _tries.Keys.Any(IsDue);

    public bool IsDue(T what) => !_tries.TryGetValue(what, out var last) || time.GetElapsedTime(last.At) >= last.Pause;

    public void Tried(T what)
    {
        var pause = _tries.TryGetValue(what, out var last) ? last.Pause * 2 : _first;
        _tries[what] = (pause < longest ? pause : longest, time.GetTimestamp());
    }

    /// <summary>Only these are needed yet; the others begin from the start when they are needed another time.</summary>
    public void Keep(IReadOnlySet<T> needed)
    {
        foreach (var done in _tries.Keys.Where(k => !needed.Contains(k)).ToList()) _tries.Remove(done);
    }
}
