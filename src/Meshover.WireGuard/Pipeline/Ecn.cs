namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Explicit congestion notification through a tunnel (RFC 6040): the two lowest bits of IPv4's TOS field and of IPv6's traffic class.
/// Outwards the outer header says what the inner one can take, so that a router may mark instead of drop; inwards the mark goes on to the
/// inner header. Of the rest of the field the outer header has what <see cref="OuterClass"/> says.
/// <code>
/// 00 Not-ECT: knows nothing of it     01 ECT(1), 10 ECT(0): may be marked     11 CE: met congestion
/// </code>
/// </summary>
internal static unsafe class Ecn
{
    private const int Mask = 3;
    private const int NotCapable = 0;
    private const int Capable0 = 2;
    private const int Marked = 3;

    /// <summary>The whole field of a packet's header.</summary>
    public static int TrafficClass(byte* ip) => IpHeader.Version(ip) == 4 ? ip[1] : (IpHeader.Read16(ip) >> 4) & 0xff;

    /// <summary>A router met congestion with it.</summary>
    public static bool IsMarked(int trafficClass) => (trafficClass & Mask) == Marked;

    /// <summary>
    /// The outer header's bits. A packet that is marked already goes as one that may be marked, as Linux does it, so that a mark met
    /// within the tunnel can be told from one met before.
    /// </summary>
    public static int Outer(byte* ip) => (TrafficClass(ip) & Mask) is var bits && bits == Marked ? Capable0 : bits;

    /// <summary>Marks a packet. False: it cannot be, and its sender learns of congestion only by its loss.</summary>
    public static bool TryMark(byte* ip)
    {
        var former = TrafficClass(ip) & Mask;
        if (former == NotCapable)
            return false;
        if (former == Marked)
            return true;
        if (IpHeader.Version(ip) == 4)
            MarkV4(ip);
        else
            ip[1] |= Marked << 4; // no checksum covers it
        return true;
    }

    // The checksum is adjusted, not made anew, which would heal a damaged header (RFC 1624).
    private static void MarkV4(byte* ip)
    {
        ulong sum = (ushort)~*(ushort*)(ip + IpHeader.V4Checksum);
        sum += (ushort)~*(ushort*)ip;
        ip[1] |= Marked;
        sum += *(ushort*)ip;
        *(ushort*)(ip + IpHeader.V4Checksum) = (ushort)~Checksum.Fold(sum);
    }
}
