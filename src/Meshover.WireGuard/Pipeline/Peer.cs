using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// A peer as the workers see it. Each member has one writer: the control thread, the send worker or the receive worker; references are
/// replaced whole, so that the others read the old or the new.
/// </summary>
internal sealed class Peer
{
    private volatile UdpAddress? _endpoint;
    private volatile PeerLink? _link;
    private volatile bool _isRemoved;
    private int _moveNoted;
    private long _sentBytes;
    private long _receivedBytes;
    private long _controlSentBytes;
    private long _controlReceivedBytes;

    private Peer(int worker) => Worker = worker;

    /// <summary>The number of the send worker and of the receive worker that carry its packets, for all its life.</summary>
    public int Worker { get; }

    public PeerSession Session { get; private set; } = null!;

    /// <summary>Makes a peer and its session, which name each other; control thread.</summary>
    public static Peer Create(SessionManager sessions, WireGuardKey key, int worker)
    {
        var peer = new Peer(worker);
        peer.Session = sessions.AddPeer(key, peer, indexClass: worker);
        return peer;
    }

    /// <summary>
    /// Where packets go. Written by the control thread (configuration, handshakes) and by the receive worker (roaming): both are right, the
    /// later wins.
    /// </summary>
    public UdpAddress? Endpoint
    {
        get => _endpoint;
        set => _endpoint = value;
    }

    /// <summary>
    /// Whether the control thread is to be told that the peer has moved: not while it has yet to look at an earlier move, or a peer that
    /// changes its place with every datagram would fill the inbox. Receive worker.
    /// </summary>
    public bool TryNoteMove() => Interlocked.Exchange(ref _moveNoted, 1) == 0;

    /// <summary>Before the control thread looks where the peer is now.</summary>
    public void TakeMove() => Interlocked.Exchange(ref _moveNoted, 0);

    /// <summary>The GRE link; control thread.</summary>
    public PeerLink? Link
    {
        get => _link;
        set => _link = value;
    }

    /// <summary>It is a peer no more: what still comes for it must not wait. Control thread.</summary>
    public bool IsRemoved
    {
        get => _isRemoved;
        set => _isRemoved = value;
    }

    /// <summary>Packets that wait for a session; the send worker's.</summary>
    public StagedPackets Staged { get; } = new();

    /// <summary>
    /// Until when no segmented sends are tried, since the way to this peer refused them; the send worker's. Milliseconds.
    /// </summary>
    public long NoSegmentationUntil { get; set; }

    /// <summary>UDP payload bytes sent to it, as <c>wg</c> counts.</summary>
    public long SentBytes => Volatile.Read(ref _sentBytes) + Volatile.Read(ref _controlSentBytes);

    /// <summary>UDP payload bytes received from it that were authentic.</summary>
    public long ReceivedBytes => Volatile.Read(ref _receivedBytes) + Volatile.Read(ref _controlReceivedBytes);

    /// <summary>Send worker.</summary>
    public void CountSent(int bytes) => Volatile.Write(ref _sentBytes, _sentBytes + bytes);

    /// <summary>Receive worker.</summary>
    public void CountReceived(int bytes) => Volatile.Write(ref _receivedBytes, _receivedBytes + bytes);

    /// <summary>Handshakes; control thread.</summary>
    public void CountControl(int sent, int received)
    {
        Volatile.Write(ref _controlSentBytes, _controlSentBytes + sent);
        Volatile.Write(ref _controlReceivedBytes, _controlReceivedBytes + received);
    }
}

/// <summary>A peer's GRE link: its device, and the header between the two tunnel addresses.</summary>
internal sealed record PeerLink(FrameSink Device, GreHeader Gre);
