namespace Meshover.Mesh.Planning;

/// <summary>How often BFD packets are sent on each link.</summary>
public static class BfdTimers
{
    public const int Multiplier = 3;
    private const int FastestMs = 300;

    /// <summary>More would cost more processor time than the quicker detection is worth.</summary>
    public const int DefaultPacketsPerSecond = 500;

    /// <summary>Coarse steps, so that not every join of a large mesh changes the timers of all.</summary>
    private const int StepMs = 50;

    /// <summary>Transmit and receive interval in milliseconds; of two neighbours the slower one's holds (RFC 5880 section 6.8.7).</summary>
    /// <param name="packetsPerSecond">What the node sends to all of them together at most.</param>
    public static int IntervalMs(int neighbors, int packetsPerSecond)
    {
        var slowed = neighbors * 1000 / packetsPerSecond;
        return Math.Max(FastestMs, (slowed + StepMs - 1) / StepMs * StepMs);
    }
}
