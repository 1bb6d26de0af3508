namespace Meshover.WireGuard.Session;

/// <summary>
/// Zeroes dropped keypairs as soon as no worker can be using them, without a lock on the packet's path: a keypair is first made
/// impossible to find; every worker that was inside a pass then (<see cref="WorkerGate"/>) must have left it once. Control thread only.
/// </summary>
internal sealed class KeyReclaimer(IReadOnlyList<WorkerGate> gates)
{
    private readonly List<(Keypair Keypair, long[] Passes)> _dropped = [];

    /// <summary>Takes a keypair that no index and no peer leads to any more.</summary>
    public void Retire(Keypair keypair)
    {
        Interlocked.MemoryBarrier(); // the removal is visible before the gates are read
        var passes = new long[gates.Count];
        for (var i = 0; i < passes.Length; i++)
            passes[i] = gates[i].Passes;
        _dropped.Add((keypair, passes));
    }

    /// <summary>Zeroes what it can; at each tick.</summary>
    public void Sweep()
    {
        for (var i = _dropped.Count - 1; i >= 0; i--)
        {
            if (!IsUnreachable(_dropped[i].Passes))
                continue;
            _dropped[i].Keypair.Dispose();
            _dropped.RemoveAt(i);
        }
    }

    private bool IsUnreachable(long[] passes)
    {
        for (var i = 0; i < passes.Length; i++)
        {
            var wasInside = (passes[i] & 1) != 0;
            if (wasInside && gates[i].Passes == passes[i])
                return false;
        }
        return true;
    }
}
