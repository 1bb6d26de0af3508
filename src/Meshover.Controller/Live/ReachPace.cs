namespace Meshover.Controller.Live;

/// <summary>
/// Bounds how often the map changes for one node's sake: each change goes to everybody. A burst, as when a laptop moves, is let through;
/// after that a node waits its turn, and what it waits with is planned anew when that comes. For one caller.
/// </summary>
internal sealed class ReachPace(TimeProvider time)
{
    /// <summary>At once.</summary>
    public const int Burst = 6;

    /// <summary>Later on, one in so long.</summary>
    public static readonly TimeSpan Each = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Whole = Each * Burst;

    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<uint, TimeSpan> _spent = []; // by node: when all its turns are back
    private readonly HashSet<uint> _waiting = [];

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Whether the node's reach may change now, which is counted; else it is among those of <see cref="TakeDue"/> later.</summary>
    public bool TryTake(uint node)
    {
        var back = Later(_spent.GetValueOrDefault(node), Now) + Each;
        if (back > Now + Whole)
        {
            _waiting.Add(node);
            return false;
        }
        _spent[node] = back;
        return true;
    }

    /// <summary>The nodes that waited and whose turn it is.</summary>
    public uint[] TakeDue()
    {
        if (_waiting.Count == 0)
            return [];
        uint[] due = [.. _waiting.Where(node => _spent[node] + Each <= Now + Whole)];
        _waiting.ExceptWith(due);
        return due;
    }

    /// <summary>Drops those who have all their turns.</summary>
    public void Trim()
    {
        foreach (var (node, _) in _spent.Where(pair => pair.Value <= Now && !_waiting.Contains(pair.Key)).ToArray())
            _spent.Remove(node);
    }

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
