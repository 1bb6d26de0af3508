using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>
/// The configuration that FRR refused last, so that it is not tried each time somebody asks. What the dry run refused are words, which stay
/// wrong as long as this FRR runs. What a daemon refused may be of the moment, but a try costs a restart: it is tried again after a minute,
/// and after twice as long each time, up to an hour.
/// </summary>
internal sealed class RefusalMemory(TimeProvider time)
{
    private static readonly TimeSpan _first = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _longest = TimeSpan.FromHours(1);
    private Refusal? _last;

    /// <summary>Why this configuration need not be tried now; null where it is to be tried.</summary>
    public string? Recall(FrrConfig config) =>
        _last is { } last && last.Config == config && (last.IsWords || time.GetElapsedTime(last.At) < last.Pause) ? last.Reason : null;

    public void RememberWords(FrrConfig config, string reason) => _last = new Refusal(config, reason, IsWords: true, TimeSpan.Zero, At: 0);

    public void RememberDaemons(FrrConfig config, string reason)
    {
        var again = _last is { IsWords: false } last && last.Config == config ? last.Pause * 2 : _first;
        _last = new Refusal(config, reason, IsWords: false, again < _longest ? again : _longest, time.GetTimestamp());
    }

    /// <summary>FRR starts, perhaps another release of it: other words are right then.</summary>
    public void ForgetWords()
    {
        if (_last is { IsWords: true }) _last = null;
    }

    /// <summary>It was taken after all.</summary>
    public void Forget(FrrConfig taken)
    {
        if (_last?.Config == taken) _last = null;
    }

    private sealed record Refusal(FrrConfig Config, string Reason, bool IsWords, TimeSpan Pause, long At);
}
