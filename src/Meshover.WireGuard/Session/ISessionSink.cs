namespace Meshover.WireGuard.Session;

/// <summary>What the protocol wants done. Called on the control thread, from within a <see cref="SessionManager"/>'s methods.</summary>
internal interface ISessionSink
{
    /// <summary>The datagram being handled is authentic: its source is where the peer is now. Comes before any answer to it.</summary>
    void PeerSeen(PeerSession peer);

    /// <summary>Sends a handshake message to the peer's endpoint; does nothing if it has none.</summary>
    void SendToPeer(PeerSession peer, ReadOnlySpan<byte> message);

    /// <summary>Sends a cookie reply to the source of the datagram being handled.</summary>
    void SendToSource(ReadOnlySpan<byte> message);

    /// <summary>Have the peer's send worker send an empty transport packet; if packets wait, those do as well.</summary>
    void SendKeepalive(PeerSession peer);

    /// <summary>
    /// <see cref="PeerSession.SendSession"/> is new and may be used: send the packets that wait. With <paramref name="mustConfirm"/> (we
    /// were the initiator) and none waiting, an empty one: only a packet tells the peer that the keys are in use.
    /// </summary>
    void SessionReady(PeerSession peer, bool mustConfirm);

    /// <summary>No answer for REKEY_ATTEMPT_TIME: drop the packets that wait.</summary>
    void HandshakeAbandoned(PeerSession peer);
}
