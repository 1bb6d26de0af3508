using System.Runtime.CompilerServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Which block of which packet each 32-bit lane of <see cref="ChaCha20{T}"/> makes. There are two groups of lanes, each of which makes a
/// block of as many packets as there are 64-bit lanes: the first group the first packets' block 0; the second the next packets' block 0
/// or, when there are no more packets, the same packets' block 1.
/// </summary>
internal unsafe struct ChaChaLanes<T>
    where T : unmanaged, IWide<T>
{
    /// <summary>Block counters.</summary>
    public T Block;

    /// <summary>The nonce, which is the packet's counter.</summary>
    public T CounterLow, CounterHigh;

    /// <param name="jobs">The packets.</param>
    /// <param name="count">How many: as many as there are 64-bit lanes, or twice that.</param>
    public void Set(PacketJob* jobs, int count)
    {
        uint* block = (uint*)Unsafe.AsPointer(ref Block);
        uint* low = (uint*)Unsafe.AsPointer(ref CounterLow);
        uint* high = (uint*)Unsafe.AsPointer(ref CounterHigh);
        for (var lane = 0; lane < 2 * T.Lanes; lane++)
        {
            // Interleaving takes two of every four lanes for the first group, and two for the second.
            var inSecond = (lane & 2) != 0;
            var packet = (lane >> 2 << 1) + (lane & 1) + (inSecond && count > T.Lanes ? T.Lanes : 0);
            block[lane] = inSecond && count == T.Lanes ? 1U : 0U;
            low[lane] = (uint)jobs[packet].Counter;
            high[lane] = (uint)(jobs[packet].Counter >> 32);
        }
    }
}
