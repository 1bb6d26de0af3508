namespace Meshover.WireGuard.Pipeline;

/// <summary>Why a packet went nowhere. Shown by name in the status.</summary>
internal enum DropReason
{
    /// <summary>A TUN device gave something that is no IP packet, or asked for a segmentation that we do not know.</summary>
    MalformedFrame,

    /// <summary>No peer's AllowedIPs hold the destination.</summary>
    NoPeer,

    /// <summary>The main device gave more for the peers of another worker than that one sent.</summary>
    HandoverFull,

    /// <summary>The peer's endpoint is not known, or of a family that this machine does not speak.</summary>
    NoEndpoint,

    /// <summary>More packets waited for a handshake than the peer's queue, or all of them together, hold: the oldest went.</summary>
    StagingFull,

    /// <summary>No handshake came about: what waited for it went.</summary>
    HandshakeFailed,

    /// <summary>The kernel did not take a datagram: no route, no buffer.</summary>
    SendFailed,

    /// <summary>More packets came than a receive worker took: the socket's buffer was full. Handshakes have another.</summary>
    SocketFull,

    /// <summary>A datagram of no known type.</summary>
    UnknownMessage,

    /// <summary>More handshake messages than the control thread handled.</summary>
    HandshakeQueueFull,

    /// <summary>A handshake message of a wrong length, or with a wrong mac1: whoever sent it does not know our public key.</summary>
    InvalidHandshake,

    /// <summary>
    /// A packet for another thread: the kernel had joined it to a message for this one (UDP_GRO), which happens when a handshake message
    /// and a shorter packet of one sender meet.
    /// </summary>
    WrongWorker,

    /// <summary>A receiver index of no session of ours, or of one that has ended.</summary>
    UnknownIndex,

    /// <summary>The session is older than REJECT_AFTER_TIME.</summary>
    ExpiredKey,

    /// <summary>The counter is beyond REJECT_AFTER_MESSAGES.</summary>
    UsedUpKey,

    /// <summary>The tag is wrong.</summary>
    NotAuthentic,

    /// <summary>The counter was seen before, or is too far behind.</summary>
    Replayed,

    /// <summary>What was decrypted is no whole IP packet.</summary>
    MalformedPacket,

    /// <summary>GRE between the tunnel addresses, but not as it must be.</summary>
    MalformedGre,

    /// <summary>The inner source address is not among the peer's AllowedIPs.</summary>
    SourceNotAllowed,

    /// <summary>
    /// A router marked the outer packet "congestion experienced", and the inner one cannot carry the mark: its transport knows congestion
    /// by losses alone (RFC 6040, section 4.2).
    /// </summary>
    CongestionMark,

    /// <summary>The TUN device did not take a packet: it is down, or its queue is full.</summary>
    DeviceRefused,
}

/// <summary>Counts of one thread: it alone writes, anybody reads.</summary>
internal sealed class DropCounters
{
    private static readonly int ReasonCount = Enum.GetValues<DropReason>().Length;

    private readonly long[] _counts = new long[ReasonCount];

    public void Count(DropReason reason, int packets = 1)
    {
        ref var count = ref _counts[(int)reason];
        Volatile.Write(ref count, count + packets);
    }

    public long this[DropReason reason] => Volatile.Read(ref _counts[(int)reason]);
}
