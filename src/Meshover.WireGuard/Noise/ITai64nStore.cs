namespace Meshover.WireGuard.Noise;

/// <summary>
/// Keeps the highest handshake timestamp that may have been used, over restarts: a peer refuses an initiation that is not newer than the
/// last, so an engine that restarts with its clock set back would be shut out until the clock has caught up.
/// </summary>
public interface ITai64nStore
{
    /// <summary>The last mark saved; null if there is none.</summary>
    Tai64n? Load();

    /// <summary>
    /// Has a mark saved before the last one is reached (<see cref="Tai64nClock"/>). It does not wait until that is done, reports its own
    /// failures and does not throw: a handshake now is worth more than the mark.
    /// </summary>
    void Save(Tai64n mark);

    /// <summary>Waits until it is saved. False: not within that time.</summary>
    bool Flush(TimeSpan atMost) => true;
}
