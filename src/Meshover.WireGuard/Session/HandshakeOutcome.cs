namespace Meshover.WireGuard.Session;

/// <summary>What became of a handshake datagram; counted, and told in logs.</summary>
public enum HandshakeOutcome
{
    /// <summary>An initiation was answered.</summary>
    Answered,

    /// <summary>A response completed a handshake of ours.</summary>
    Completed,

    /// <summary>A cookie was taken in, for the next initiation.</summary>
    CookieTaken,

    /// <summary>Under load: a cookie was sent instead of an answer.</summary>
    CookieSent,

    /// <summary>Under load: too many from this address.</summary>
    RateLimited,

    /// <summary>The interface is down.</summary>
    NotRunning,

    /// <summary>No handshake message by its type, length or reserved bytes.</summary>
    Malformed,

    /// <summary>mac1 is wrong: the sender does not know our public key, or we have none.</summary>
    WrongMac,

    /// <summary>The receiver index is not (or no longer) one of ours.</summary>
    UnknownIndex,

    /// <summary>The initiator's key belongs to no peer.</summary>
    UnknownPeer,

    /// <summary>The initiation's timestamp is not newer than the last one's.</summary>
    Replayed,

    /// <summary>Initiations of this peer come faster than they may.</summary>
    TooSoon,

    /// <summary>A tag is wrong: wrong keys, a wrong preshared key, or a damaged message.</summary>
    NotAuthentic,
}
