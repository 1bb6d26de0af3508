namespace Meshover.Routing.Supervision;

/// <summary>
/// How long to wait before FRR is started again: longer than BFD takes to notice, so that neighbours have moved their traffic by then
/// (started sooner it loses packets; 1.2 s after a detection time of 0.9 s loses none). FRR that dies at once again and again is given
/// more and more time, up to a minute.
/// </summary>
internal sealed class RestartDelay
{
    private static readonly TimeSpan _beyondDetection = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);

    /// <summary>FRR that has run so long is well.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(20);
    private int _shortLives;

    /// <param name="lived">How long FRR ran before it died.</param>
    /// <param name="bfdDetection">How long neighbours take to notice.</param>
    public TimeSpan After(TimeSpan lived, TimeSpan bfdDetection)
    {
        _shortLives = lived >= Healthy ? 0 : _shortLives + 1;
        // The first death after a good life, and one more, are answered without a penalty.
        var delay = (bfdDetection + _beyondDetection) * Math.Pow(2, Math.Clamp(_shortLives - 2, 0, 10));
        return delay < _longest ? delay : _longest;
    }
}
