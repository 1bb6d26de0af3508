using Meshover.WireGuard.Control;

namespace Meshover.WireGuard.Session;

/// <summary>
/// One peer's side of the protocol: its keys, its handshake in progress and its timers. The control thread owns it; the members
/// under "data path" are for the workers.
/// </summary>
internal sealed class PeerSession
{
    public WireGuardKey PublicKey => throw new NotSupportedException();

    /// <summary>The pipeline's own object for this peer, given to <see cref="SessionManager.AddPeer"/>.</summary>
    public object Owner => throw new NotSupportedException();

    // Data path

    /// <summary>The keypair to send with, or null; also ask <see cref="Keypair.IsExpired"/>. Any thread, inside its gate.</summary>
    public Keypair? SendKeypair => throw new NotSupportedException();

    /// <summary>Written by the peer's send worker, once per batch.</summary>
    public TrafficStamps Sent { get; } = new();

    /// <summary>Written by the receive worker, once per batch, for packets whose tag was right.</summary>
    public TrafficStamps Received { get; } = new();

    /// <summary>When a handshake was last completed, in milliseconds of the engine's clock; -1 = never. Any thread.</summary>
    public long LastHandshake => throw new NotSupportedException();

    /// <summary>When anything authentic was last received, handshakes included; -1 = never. Any thread.</summary>
    public long LastReceived => throw new NotSupportedException();

    // Control thread

    /// <summary>Milliseconds between packets at least, so that a NAT keeps its mapping; 0 turns it off.</summary>
    public long PersistentKeepalive { get; set; }

    /// <summary>Used by the next handshake; all zero for none.</summary>
    public void SetPresharedKey(ReadOnlySpan<byte> key) => throw new NotSupportedException();
}
