using System.Runtime.InteropServices;
using Meshover.Mesh.Paths;

namespace Meshover.Mesh.Planning;

/// <summary>How often BFD packets are sent on each link, by its profile.</summary>
public sealed record BfdTimers(BfdTimer Wan, BfdTimer Lan, BfdTimer Lossy)
{
    private const int FastestWanMs = 300, FastestLanMs = 100;
    private const int Multiplier = 3;

    /// <summary>Three packets of 800 ms would be as long; of eight one comes through where a third is lost. Where the interval is longer there are fewer.</summary>
    private const int LossyMs = 2_400;

    /// <summary>More would cost more processor time than the quicker detection is worth.</summary>
    public const int DefaultPacketsPerSecond = 500;

    /// <summary>Quick detection is for small meshes: all links together take this share of the packets for it, and from 26 neighbours on they are as slow as others.</summary>
    private const int LanShare = 5;

    /// <summary>Coarse steps, so that not every join of a large mesh changes the timers of all.</summary>
    private const int StepMs = 50;

    /// <param name="neighbors">All that the node has.</param>
    /// <param name="packetsPerSecond">What the node sends to all of them together at most.</param>
    public static BfdTimers For(int neighbors, int packetsPerSecond)
    {
        var wan = Math.Max(FastestWanMs, Slowed(neighbors, packetsPerSecond));
        var lan = Math.Max(FastestLanMs, Slowed(neighbors, Math.Max(1, packetsPerSecond / LanShare)));
        return new BfdTimers(new(wan, Multiplier), new(Math.Min(lan, wan), Multiplier), new(wan, Math.Max(Multiplier, (LossyMs + wan - 1) / wan)));
    }

    public BfdTimer Of(BfdProfile profile) => profile switch { BfdProfile.Lan => Lan, BfdProfile.Lossy => Lossy, _ => Wan };

    private static int Slowed(int neighbors, int packetsPerSecond) => ((neighbors * 1000 / packetsPerSecond) + StepMs - 1) / StepMs * StepMs;
}

/// <param name="IntervalMs">Transmit and receive interval in milliseconds.</param>
/// <param name="Multiplier">So many in a row that do not come, and the link is dead (RFC 5880, section 6.8.4: this end's is what the other goes by).</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BfdTimer(int IntervalMs, int Multiplier)
{
    /// <summary>Milliseconds until the other end knows that this one is silent.</summary>
    public int DetectionMs => IntervalMs * Multiplier;
}
