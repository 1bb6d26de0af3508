namespace Meshover.Routing.Supervision;

/// <summary>
/// How long to wait before FRR is started again. 1.2 s is longer than BFD's detection (0.9 s): neighbours have moved their traffic by
/// then, and restarting sooner loses packets. FRR that dies at once again and again is given more and more time, up to a minute.
/// </summary>
internal sealed class RestartDelay
{
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1.2);
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _healthy = TimeSpan.FromSeconds(20);
    private int _shortLives;

    /// <param name="lived">How long FRR ran before it died.</param>
    public TimeSpan After(TimeSpan lived)
    {
        _shortLives = lived >= _healthy ? 0 : _shortLives + 1;
        // The first death after a good life, and one more, are answered at once.
        var delay = _shortest * Math.Pow(2, Math.Clamp(_shortLives - 2, 0, 10));
        return delay < _longest ? delay : _longest;
    }
}
