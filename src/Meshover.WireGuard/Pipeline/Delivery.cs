using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Where an authentic packet goes: into its peer's link if it is GRE between the two tunnel addresses, else to the main device if the peer
/// may send from its source. Owned by one receive worker.
/// </summary>
internal sealed unsafe class Delivery(PipelineState state, DropCounters drops) : IDisposable
{
    private readonly Coalescer _coalescer = new();

    /// <summary>Takes a decrypted packet, with the zeros that pad it; it must stay where it is until <see cref="Flush"/>.</summary>
    /// <param name="isMarked">What carried it met congestion on its way, which its receiver is to know.</param>
    public void Deliver(Peer peer, byte* packet, int padded, bool isMarked = false)
    {
        var length = IpHeader.PacketLength(packet, padded);
        if (length == 0)
            drops.Count(DropReason.MalformedPacket);
        else if (peer.Link is { } link && link.Gre.IsOurs(packet))
            DeliverInner(link, packet, length, isMarked);
        else if (state.Main is { } main && IsAllowed(peer, packet))
            Add(main, packet, length, isMarked);
        else
            drops.Count(DropReason.SourceNotAllowed);
    }

    /// <summary>Writes what waits to its device.</summary>
    public void Flush() => _coalescer.Flush();

    public void Dispose() => _coalescer.Dispose();

    private void DeliverInner(PeerLink link, byte* packet, int length, bool isMarked)
    {
        var inner = GreHeader.InnerLength(packet, length);
        if (inner == 0)
            drops.Count(DropReason.MalformedGre);
        else
            Add(link.Device, packet + GreHeader.Length, inner, isMarked || Ecn.IsMarked(Ecn.TrafficClass(packet)));
    }

    private void Add(FrameSink device, byte* packet, int length, bool isMarked)
    {
        if (isMarked && !Ecn.TryMark(packet))
            drops.Count(DropReason.CongestionMark);
        else
            _coalescer.Add(device, packet, length);
    }

    private bool IsAllowed(Peer peer, byte* packet)
    {
        var routes = state.Routes;
        var owner = IpHeader.Version(packet) == 4
            ? routes.Find4(new ReadOnlySpan<byte>(packet + IpHeader.V4Source, 4))
            : routes.Find6(new ReadOnlySpan<byte>(packet + IpHeader.V6Source, 16));
        return ReferenceEquals(owner, peer);
    }
}
