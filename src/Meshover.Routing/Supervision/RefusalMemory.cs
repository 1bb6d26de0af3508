using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>
/// The configuration that FRR refused last in each place, so that it is not tried each time somebody asks. What the dry run refused are words, which
/// stay wrong as long as this FRR runs. What a daemon refused, or a place in which none starts, may be of the moment, but a try costs a restart: it is
/// tried again after a minute, and after twice as long each time, up to an hour.
/// </summary>
internal sealed class RefusalMemory(TimeProvider time)
{
    private static readonly TimeSpan _first = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _longest = TimeSpan.FromHours(1);
    private readonly Dictionary<FrrBackendConfig, Refusal> _last = [];

    /// <summary>Why this configuration need not be tried now; null where it is to be tried.</summary>
    /// <param name="config">What is asked for.</param>
    /// <param name="runs">False: no FRR runs, which a try could cost.</param>
    public string? Recall(FrrConfig config, bool runs = true) =>
        _last.GetValueOrDefault(config.Backend) is { } last && last.Is(config) && (last.IsWords || (runs && time.GetElapsedTime(last.At) < last.Pause)) ? last.Reason : null;

    public void RememberWords(FrrConfig config, string reason) => _last[config.Backend] = new Refusal(config, reason, IsWords: true, TimeSpan.Zero, At: 0);

    public void RememberDaemons(FrrConfig config, string reason) => Remember(config, config.Backend, reason);

    /// <summary>Whichever the configuration, FRR does not start where this one has it.</summary>
    public void RememberPlace(FrrConfig config, string reason) => Remember(config: null, config.Backend, reason);

    /// <summary>FRR starts, perhaps another release of it: other words are right then.</summary>
    public void ForgetWords()
    {
        foreach (var (place, last) in _last)
            if (last.IsWords) _last.Remove(place);
    }

    /// <summary>It was taken after all.</summary>
    public void Forget(FrrConfig taken)
    {
        if (_last.GetValueOrDefault(taken.Backend)?.Is(taken) == true) _last.Remove(taken.Backend);
    }

    private void Remember(FrrConfig? config, FrrBackendConfig place, string reason)
    {
        var again = _last.GetValueOrDefault(place) is { IsWords: false } last && last.Config == config ? last.Pause * 2 : _first;
        _last[place] = new Refusal(config, reason, IsWords: false, again < _longest ? again : _longest, time.GetTimestamp());
    }

    /// <param name="Config">Null: any.</param>
    private sealed record Refusal(FrrConfig? Config, string Reason, bool IsWords, TimeSpan Pause, long At)
    {
        public bool Is(FrrConfig config) => Config is null || Config == config;
    }
}
