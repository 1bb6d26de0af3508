namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Whose turn it is among the devices of a send worker: deficit round robin by bytes, and a device that had nothing to send before comes
/// first (RFC 8290, section 4.2, without its queues: those are the devices'). So a packet on an idle link waits for one turn of a busy one,
/// not for all of theirs. A device that has just had such a first turn lines up behind the others even when it is empty, or whoever sends
/// little by little would always be first.
/// </summary>
internal sealed class DeviceTurns
{
    /// <summary>Bytes: some full batches, and not half a millisecond of a fast processor.</summary>
    public const int BytesPerTurn = 256 << 10;

    /// <summary>What a frame costs besides its bytes: the smallest take as long as this much of a large one.</summary>
    public const int FrameCost = 2_048;

    private readonly Queue<TunSource> _busy = new();

    /// <summary>Somebody waits for a turn.</summary>
    public bool IsAnyQueued => _busy.Count > 0;

    /// <summary>Takes the first of those that wait; null if there is none. It may have been detached since.</summary>
    public TunSource? Next() => _busy.TryDequeue(out var source) ? source : null;

    /// <summary>Begins a turn of a device that is new, or was <see cref="Next"/>.</summary>
    public static void Begin(TunSource source) => source.Credit = Math.Min(source.Credit, 0) + BytesPerTurn;

    /// <summary>Counts a frame. False: that was its turn.</summary>
    public static bool Charge(TunSource source, int length)
    {
        source.Credit -= length + FrameCost;
        return source.Credit > 0;
    }

    /// <summary>Ends a turn.</summary>
    /// <param name="isEmpty">The device had no more; epoll says when that changes.</param>
    public void End(TunSource source, bool isEmpty)
    {
        var leaves = isEmpty && (source.IsQueued || _busy.Count == 0);
        source.IsQueued = !leaves;
        if (source.IsQueued)
            _busy.Enqueue(source);
    }
}
