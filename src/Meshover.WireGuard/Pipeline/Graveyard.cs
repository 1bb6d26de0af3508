using System.Runtime.InteropServices;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Disposes of devices, sockets and buffers that were taken out of the workers' sight, once no worker can be using them any more: a
/// descriptor closed too early is soon another's. The control thread's; what <see cref="KeyReclaimer"/> is to keys. The disposing itself is
/// done by another thread, one by one: the kernel takes some 20 ms to delete a device. Until its turn has come each can be had back.
/// </summary>
internal sealed class Graveyard(IReadOnlyList<WorkerGate> gates)
{
    // At the end: what takes longer goes with the process.
    private static readonly TimeSpan ClearPatience = TimeSpan.FromSeconds(5);

    private readonly List<Entry> _entries = [];
    private readonly object _lock = new();
    private readonly LinkedList<IDisposable> _free = []; // under the lock, as the two below
    private IDisposable? _disposing;
    private bool _isAtIt;

    /// <summary>Takes what no worker can find any more, but one may still hold.</summary>
    public void Bury(IDisposable what)
    {
        Interlocked.MemoryBarrier(); // the removal is visible before the gates are read
        _entries.Add(new Entry(what, [.. gates.Select(gate => gate.Passes)]));
    }

    /// <summary>Has everything disposed of that no worker can hold any more; at each tick.</summary>
    public void Sweep()
    {
        if (_entries.Count == 0)
            return;
        lock (_lock)
        {
            _entries.RemoveAll(TryFree);
            if (_isAtIt || _free.Count == 0)
                return;
            _isAtIt = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(static graveyard => graveyard.DisposeAll(), this, preferLocal: false);
    }

    /// <summary>Gives something back that is not being disposed of yet; a worker may still hold it. Null: there is no such thing.</summary>
    public IDisposable? TakeBack(Predicate<IDisposable> isWanted)
    {
        var index = _entries.FindIndex(entry => isWanted(entry.What));
        if (index >= 0)
        {
            var waiting = _entries[index].What;
            _entries.RemoveAt(index);
            return waiting;
        }
        lock (_lock)
        {
            var free = _free.FirstOrDefault(what => isWanted(what));
            if (free is not null)
                _free.Remove(free);
            return free;
        }
    }

    /// <summary>Waits for what is being disposed of, if it is that. False: it takes longer.</summary>
    public bool WaitUntilDisposed(Predicate<IDisposable> isWanted, TimeSpan atMost) =>
        WaitWhile(() => _disposing is { } one && isWanted(one), atMost);

    /// <summary>Disposes of everything: the workers have stopped.</summary>
    public void Clear()
    {
        WaitWhile(() => _isAtIt, ClearPatience);
        foreach (var entry in _entries)
            entry.What.Dispose();
        _entries.Clear();
    }

    private bool TryFree(Entry entry)
    {
        if (!IsFree(entry))
            return false;
        _free.AddLast(entry.What);
        return true;
    }

    private void DisposeAll()
    {
        while (TakeNext() is { } one)
            one.Dispose();
    }

    private IDisposable? TakeNext()
    {
        lock (_lock)
        {
            _disposing = _free.First?.Value;
            if (_disposing is null)
                _isAtIt = false;
            else
                _free.RemoveFirst();
            Monitor.PulseAll(_lock);
            return _disposing;
        }
    }

    private bool WaitWhile(Func<bool> condition, TimeSpan atMost)
    {
        var end = Environment.TickCount64 + (long)atMost.TotalMilliseconds;
        lock (_lock)
        {
            while (condition())
            {
                if (!Monitor.Wait(_lock, (int)Math.Max(end - Environment.TickCount64, 0)) && condition())
                    return false;
            }
            return true;
        }
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
