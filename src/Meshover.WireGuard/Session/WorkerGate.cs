namespace Meshover.WireGuard.Session;

/// <summary>
/// Says whether a worker is in a pass in which it may hold sessions. Odd: inside. One worker writes it, twice a batch; the control
/// thread's <see cref="KeyReclaimer"/> reads it.
/// </summary>
internal sealed class WorkerGate
{
    private long _passes;

    internal long Passes => Volatile.Read(ref _passes);

    /// <summary>Begins a pass: from here the worker may look up sessions.</summary>
    public void Enter() => Interlocked.Increment(ref _passes); // a full fence: the lookups that follow cannot be read earlier

    /// <summary>Ends a pass: the worker holds no session any more. It may block now.</summary>
    public void Leave() => Volatile.Write(ref _passes, _passes + 1);
}
