namespace Meshover.Routing.Config;

/// <summary>
/// How often a node speaks to each neighbour beside BFD, in seconds: less often the more there are, so that its control traffic has a bound.
/// BFD, which has one of its own, finds dead links; these timers only keep sessions and begin them.
/// </summary>
internal sealed record ControlTimers(int KeepaliveSeconds, int HoldSeconds, int ConnectSeconds, int RouterAdvertisementSeconds)
{
    private const int ManyNeighbors = 16;
    private const int AttemptsPerSecond = 100;
    private const int LongestSeconds = 10;

    /// <summary>
    /// Zebra sends some quickly, a second apart, when a link comes (FRR's fast retransmission): the rest is for a neighbour whose FRR starts anew.
    /// Each of them wakes zebra and the data plane at both ends.
    /// </summary>
    private const int AdvertisementsPerSecond = 5;

    /// <summary>So that few joins change the timers of all.</summary>
    private static readonly int[] AdvertisementSteps = [1, 2, 5, LongestSeconds];

    public static ControlTimers For(int neighbors)
    {
        var isLarge = neighbors >= ManyNeighbors;
        var connect = Math.Clamp(neighbors / AttemptsPerSecond, 1, LongestSeconds);
        return new ControlTimers(isLarge ? 10 : 3, isLarge ? 30 : 9, connect, AdvertisementInterval(neighbors));
    }

    private static int AdvertisementInterval(int neighbors) =>
        AdvertisementSteps.FirstOrDefault(seconds => neighbors <= seconds * AdvertisementsPerSecond, LongestSeconds);
}
