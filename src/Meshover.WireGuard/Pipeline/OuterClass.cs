namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// The TOS field, or traffic class, of the headers around a packet: its <see cref="Ecn"/> bits, and CS6 (RFC 4594, network control) for what keeps the mesh together, BFD and
/// BGP on a link, so that a full uplink whose queues know classes does not fell its own mesh. What goes through the mesh is never told outside, and gets no class that it wishes for: a
/// packet of a link is control where it comes from a link-local address (no workload's does: nobody forwards it, RFC 4291, section 2.5.6) and says CS6 itself, as FRR's do.
/// </summary>
internal static unsafe class OuterClass
{
    private const int Control = 48 << 2;
    private const int Mask = 0xfc;

    /// <summary>For GRE's header, around a packet of a link.</summary>
    public static int OfLinkPacket(byte* ip) => Ecn.Outer(ip) | (IsLinkLocal(ip) ? ControlOf(ip) : 0);

    /// <summary>For WireGuard's, around a packet of the tunnel: the word of our own GRE header is taken.</summary>
    /// <param name="ip">The packet.</param>
    /// <param name="own">Of the link with the peer; null: there is none.</param>
    public static int OfTunnelPacket(byte* ip, GreHeader? own) => Ecn.Outer(ip) | (own is not null && own.IsWritten(ip) ? ControlOf(ip) : 0);

    private static int ControlOf(byte* ip) => (Ecn.TrafficClass(ip) & Mask) == Control ? Control : 0;

    private static bool IsLinkLocal(byte* ip) => IpHeader.Version(ip) == 6 && ip[IpHeader.V6Source] == 0xfe && (ip[IpHeader.V6Source + 1] & 0xc0) == 0x80;
}
