using System.Runtime.InteropServices;

namespace Meshover.Agent.Reporting;

/// <summary>A counter of a process that may start anew, as one that only grows. What was counted between the last look and the end is lost.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct SteadyCounter
{
    private long _seen;

    /// <summary>All that was counted.</summary>
    public ulong Total { get; private set; }

    /// <summary>Counts from here on: what the process had counted before is not ours.</summary>
    public void Begin(long now) => _seen = now;

    /// <param name="now">What the process says; less than before means that it began again at zero.</param>
    /// <returns>How much was added.</returns>
    public ulong Look(long now)
    {
        var added = (ulong)Math.Max(0, now >= _seen ? now - _seen : now);
        _seen = now;
        Total += added;
        return added;
    }
}
