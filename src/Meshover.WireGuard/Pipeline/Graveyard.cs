using System.Runtime.InteropServices;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Disposes of devices, sockets and buffers that were taken out of the workers' sight, once no worker can be using them any more: a
/// descriptor closed too early is soon another's. The control thread's; what <see cref="KeyReclaimer"/> is to keys.
/// </summary>
internal sealed class Graveyard(IReadOnlyList<WorkerGate> gates)
{
    private readonly List<Entry> _entries = [];

    /// <summary>Takes what no worker can find any more, but one may still hold.</summary>
    public void Bury(IDisposable what)
    {
        Interlocked.MemoryBarrier(); // the removal is visible before the gates are read
        _entries.Add(new Entry(what, [.. gates.Select(gate => gate.Passes)]));
    }

    /// <summary>Disposes of what it can; at each tick.</summary>
    public void Sweep() => _entries.RemoveAll(TryDispose);

    /// <summary>Disposes of everything: the workers have stopped.</summary>
    public void Clear()
    {
        foreach (var entry in _entries)
            entry.What.Dispose();
        _entries.Clear();
    }

    private bool TryDispose(Entry entry)
    {
        for (var i = 0; i < entry.Passes.Length; i++)
        {
            var wasInside = (entry.Passes[i] & 1) != 0;
            if (wasInside && gates[i].Passes == entry.Passes[i])
                return false;
        }
        entry.What.Dispose();
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(IDisposable What, long[] Passes);
}
