using System.Runtime.InteropServices;

namespace Meshover.Mesh.Paths;

/// <summary>
/// How good a link is, in few steps: each distinct cost is a route-map of bgpd's, and what moves by less than a step moves no packet.
/// </summary>
/// <param name="Rtt">Step of the round trip: 0 up to 4 ms, each further one ends at 1.41 times the one before; at most <see cref="MostRtt"/> (512 ms).</param>
/// <param name="IsJittery">Round trips differ by 20 ms and more from one to the next.</param>
/// <param name="Loss">0: below 10 % of packets are lost; 1; 2: beyond 25 %.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LinkQuality(int Rtt, bool IsJittery, int Loss)
{
    /// <summary>How soon it may be given up.</summary>
    public BfdProfile Bfd { get; init; }

    public const int MostRtt = 14;
    public const int MostLoss = 2;

    private const double FirstEnd = 4;
    private const int CostOfJitter = 50, CostOfLoss = 100, CostOfMuchLoss = 1_000;

    /// <summary>What one end adds to <see cref="LinkCost.Base"/> for it, in tenths of a millisecond: half of the round trip's, as the other end adds the other half.</summary>
    public int Cost => (Rtt == 0 ? 0 : (int)Math.Round(5 * EndOf(Rtt - 0.5))) + (IsJittery ? CostOfJitter : 0) + Loss switch { 0 => 0, 1 => CostOfLoss, _ => CostOfMuchLoss };

    /// <summary>Of a round trip, milliseconds.</summary>
    public static int RttStepOf(double milliseconds)
    {
        var step = 0;
        while (step < MostRtt && milliseconds > EndOf(step))
            step++;
        return step;
    }

    /// <summary>Where a step ends, milliseconds.</summary>
    public static double EndOf(double step) => FirstEnd * Math.Pow(2, step / 2);
}
