using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>What all peers of one interface share.</summary>
internal sealed record SessionContext(
    ISessionSink Sink,
    ProtocolTimes Times,
    IEntropy Entropy,
    IndexTable Indices,
    KeyReclaimer Reclaimer,
    Tai64nClock Timestamps,
    HandshakePacer Pacer,
    TimeProvider WallClock)
{
    /// <summary>As <see cref="SessionManager.IsRunning"/>.</summary>
    public bool IsRunning { get; set; } = true;

    public OwnKeys OwnKeys { get; } = new(Entropy, Times);
}
