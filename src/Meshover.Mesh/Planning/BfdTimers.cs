namespace Meshover.Mesh.Planning;

/// <summary>How often BFD packets are sent on each link.</summary>
public static class BfdTimers
{
    public const int Multiplier = 3;
    private const int FastestMs = 300;

    /// <summary>More would cost more processor time than the quicker detection is worth.</summary>
    private const int MaxPacketsPerSecond = 500;

    /// <summary>Coarse steps, so that not every join of a large mesh changes the timers of all.</summary>
    private const int StepMs = 50;

    /// <summary>Transmit and receive interval in milliseconds.</summary>
    public static int IntervalMs(int neighbors)
    {
        var slowed = neighbors * 1000 / MaxPacketsPerSecond;
        return Math.Max(FastestMs, (slowed + StepMs - 1) / StepMs * StepMs);
    }
}
