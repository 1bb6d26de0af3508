using Meshover.WireGuard.Control;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The WireGuard protocol of one interface, without sockets, clocks or threads: datagrams and the time go in, what to do comes out through
/// <see cref="ISessionSink"/>. One thread, the control thread, calls it. <c>now</c> is monotonic, in milliseconds, above zero.
/// </summary>
internal sealed class SessionManager : IDisposable
{
    public SessionManager(SessionOptions options) => throw new NotSupportedException();

    /// <summary>Finds keypairs by receiver index; any thread.</summary>
    public IndexTable Indices => throw new NotSupportedException();

    /// <summary>Our public key; all zero as long as none is set.</summary>
    public WireGuardKey PublicKey => throw new NotSupportedException();

    /// <summary>Sets or, with 32 zero bytes, removes our private key. All sessions end: the peers know us by the old one.</summary>
    public void SetPrivateKey(ReadOnlySpan<byte> privateKey) => throw new NotSupportedException();

    /// <param name="publicKey">Not yet a peer's, and not our own.</param>
    /// <param name="owner">The pipeline's object, found again at <see cref="PeerSession.Owner"/>.</param>
    /// <param name="indexClass">The receive worker that shall own this peer's keypairs: its indices are this, modulo the number of classes.</param>
    public PeerSession AddPeer(WireGuardKey publicKey, object owner, int indexClass = 0) => throw new NotSupportedException();

    /// <summary>Ends its sessions; its keys are zeroed as soon as no worker uses them.</summary>
    public void RemovePeer(PeerSession peer) => throw new NotSupportedException();

    public PeerSession? FindPeer(WireGuardKey publicKey) => throw new NotSupportedException();

    /// <summary>
    /// There is something to send and no key to send it with, or the peer has a new endpoint: starts a handshake, unless one was started within
    /// REKEY_TIMEOUT.
    /// </summary>
    public void RequestHandshake(PeerSession peer, long now) => throw new NotSupportedException();

    /// <summary>A receive worker got the first packet on a session that we answered (<see cref="Keypair.TryConfirm"/>).</summary>
    public void Confirm(Keypair keypair, long now) => throw new NotSupportedException();

    /// <summary>Takes a datagram of types 1 to 3.</summary>
    /// <param name="datagram">The whole UDP payload.</param>
    /// <param name="source">The sender's address as 4 or 16 bytes and its port as 2, both in network order: cookies are bound to it.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="backlog">Handshake datagrams that wait behind this one: many make the manager ask for cookies.</param>
    public HandshakeOutcome Receive(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source, long now, int backlog = 0) =>
        throw new NotSupportedException();

    /// <summary>Runs every peer's timers; each 100-250 ms.</summary>
    public void Tick(long now) => throw new NotSupportedException();

    /// <summary>Ends all sessions. The workers have stopped.</summary>
    public void Dispose() => throw new NotSupportedException();
}
