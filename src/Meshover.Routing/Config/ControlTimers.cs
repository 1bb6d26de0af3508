namespace Meshover.Routing.Config;

/// <summary>
/// How often a node speaks to each neighbour beside BFD, in seconds: less often the more there are, so that its control traffic has a bound.
/// BFD, which has one of its own, finds dead links; these timers only keep sessions and begin them.
/// </summary>
internal sealed record ControlTimers(int KeepaliveSeconds, int HoldSeconds, int ConnectSeconds, int RouterAdvertisementSeconds)
{
    private const int ManyNeighbors = 100;
    private const int AdvertisementsPerSecond = 200;
    private const int AttemptsPerSecond = 100;
    private const int LongestSeconds = 10;

    /// <summary>Coarse steps, so that few joins of a large mesh change the timers of all.</summary>
    public static ControlTimers For(int neighbors)
    {
        var isLarge = neighbors >= ManyNeighbors;
        return new ControlTimers(isLarge ? 10 : 3, isLarge ? 30 : 9, Interval(neighbors, AttemptsPerSecond), Interval(neighbors, AdvertisementsPerSecond));
    }

    private static int Interval(int neighbors, int perSecond) => Math.Clamp(neighbors / perSecond, 1, LongestSeconds);
}
