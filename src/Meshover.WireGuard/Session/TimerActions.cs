namespace Meshover.WireGuard.Session;

/// <summary>What a peer's timers ask for at one tick.</summary>
[Flags]
internal enum TimerActions
{
    None = 0,

    /// <summary>Begin a handshake.</summary>
    Initiate = 1,

    /// <summary>Repeat the initiation that got no answer.</summary>
    Retry = 2,

    /// <summary>Send an empty packet.</summary>
    Keepalive = 4,

    /// <summary>Give the handshake up.</summary>
    Abandon = 8,

    /// <summary>Forget all keys.</summary>
    ZeroKeys = 16,
}
