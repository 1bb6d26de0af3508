namespace Meshover.WireGuard.Session;

/// <summary>
/// Zeroes dropped sessions as soon as no worker can be using them, without a lock on the packet's path: a session is first made
/// impossible to find; every worker that was inside a pass then (<see cref="WorkerGate"/>) must have left it once. Control thread only.
/// </summary>
internal sealed class KeyReclaimer(IReadOnlyList<WorkerGate> gates)
{
    private readonly List<(TransportSession TransportSession, long[] Passes)> _dropped = [];

    /// <summary>Takes a session that no index and no peer leads to any more.</summary>
    public void Retire(TransportSession session)
    {
        Interlocked.MemoryBarrier(); // the removal is visible before the gates are read
        var passes = new long[gates.Count];
        for (var i = 0; i < passes.Length; i++)
            passes[i] = gates[i].Passes;
        _dropped.Add((session, passes));
    }

    /// <summary>Zeroes what it can; at each tick.</summary>
    public void Sweep()
    {
        for (var i = _dropped.Count - 1; i >= 0; i--)
        {
            if (!IsUnreachable(_dropped[i].Passes))
                continue;
            _dropped[i].TransportSession.Dispose();
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
