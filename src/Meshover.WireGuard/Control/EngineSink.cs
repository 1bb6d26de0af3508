using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Control;

/// <summary>Does what the protocol wants done: sends handshake messages itself, has the send worker do the rest. Control thread.</summary>
internal sealed class EngineSink : ISessionSink
{
    // KEEPALIVE_TIMEOUT and REKEY_TIMEOUT: after so long without a word the protocol, too, looks for another way.
    private const long Silence = 15_000;

    private readonly byte[] _source = new byte[UdpAddress.RawLength];
    private int _received;

    public PacketPipeline? Pipeline { get; set; }

    /// <summary>Before a datagram is handled: where it came from, and its length.</summary>
    public void BeginDatagram(ReadOnlySpan<byte> source, int length)
    {
        source[..UdpAddress.RawLength].CopyTo(_source);
        _received = length;
    }

    public void PeerSeen(PeerSession peer)
    {
        var owner = (Peer)peer.Owner;
        owner.CountControl(sent: 0, received: _received);
        if (owner.Endpoint is not { } endpoint || !endpoint.Matches(_source))
            owner.Endpoint = new UdpAddress(_source);
        Pipeline!.CheckReplyPath(owner);
    }

    public void SendToPeer(PeerSession peer, ReadOnlySpan<byte> message)
    {
        var owner = (Peer)peer.Owner;
        // The way may be what keeps the peer silent. Its next packet says where it comes to.
        if (owner.Endpoint is { IsPinned: true } pinned && Pipeline!.State.Clock.Now - peer.LastReceived >= Silence)
            pinned.IsPinned = false;
        if (owner.Endpoint is { } endpoint && Pipeline!.State.Udp?.TrySend(endpoint, message) == true)
            owner.CountControl(sent: message.Length, received: 0);
    }

    public void SendToSource(ReadOnlySpan<byte> message) => Pipeline!.State.Udp?.TryAnswer(_source, message);

    public void SendKeepalive(PeerSession peer) => Pipeline!.Post((Peer)peer.Owner, SendTask.Keepalive);

    public void SessionReady(PeerSession peer, bool mustConfirm) =>
        Pipeline!.Post((Peer)peer.Owner, mustConfirm ? SendTask.Keepalive : SendTask.SendStaged);

    public void HandshakeAbandoned(PeerSession peer) => Pipeline!.Post((Peer)peer.Owner, SendTask.DropStaged);
}
