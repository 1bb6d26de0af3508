using System.Runtime.InteropServices;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Disposes of devices, sockets and buffers that were taken out of the workers' sight, once no worker can be using them any more: a
/// descriptor closed too early is soon another's. The control thread's; what <see cref="KeyReclaimer"/> is to keys. The disposing itself is
/// done by another thread: the kernel takes some 20 ms to delete one device.
/// </summary>
internal sealed class Graveyard(IReadOnlyList<WorkerGate> gates)
{
    // Longer than a worker waits for a full socket, and than the kernel takes for dozens of devices.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly List<Entry> _entries = [];
    private volatile IDisposable[] _disposing = [];

    /// <summary>Takes what no worker can find any more, but one may still hold.</summary>
    public void Bury(IDisposable what)
    {
        Interlocked.MemoryBarrier(); // the removal is visible before the gates are read
        _entries.Add(new Entry(what, [.. gates.Select(gate => gate.Passes)]));
    }

    /// <summary>Begins to dispose of what it can, unless it is still at it; at each tick.</summary>
    public void Sweep()
    {
        if (_entries.Count == 0 || _disposing.Length > 0)
            return;
        var free = _entries.Where(IsFree).ToList();
        _entries.RemoveAll(free.Contains);
        if (free.Count == 0)
            return;
        _disposing = [.. free.Select(entry => entry.What)];
        ThreadPool.UnsafeQueueUserWorkItem(static graveyard => graveyard.DisposeAll(), this, preferLocal: false);
    }

    /// <summary>Blocks until nothing that meets the condition is left.</summary>
    public void WaitUntilGone(Func<IDisposable, bool> condition) => SpinWait.SpinUntil(
        () =>
        {
            Sweep();
            return !_disposing.Any(condition) && !_entries.Any(entry => condition(entry.What));
        },
        Patience);

    /// <summary>Disposes of everything: the workers have stopped.</summary>
    public void Clear()
    {
        SpinWait.SpinUntil(() => _disposing.Length == 0, Patience);
        foreach (var entry in _entries)
            entry.What.Dispose();
        _entries.Clear();
    }

    private void DisposeAll()
    {
        foreach (var one in _disposing)
            one.Dispose();
        _disposing = [];
    }

    private bool IsFree(Entry entry)
    {
        for (var i = 0; i < entry.Passes.Length; i++)
        {
            var wasInside = (entry.Passes[i] & 1) != 0;
            if (wasInside && gates[i].Passes == entry.Passes[i])
                return false;
        }
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(IDisposable What, long[] Passes);
}
