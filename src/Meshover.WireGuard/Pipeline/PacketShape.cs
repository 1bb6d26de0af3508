using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Pipeline;

/// <summary>Where the parts of a packet lie, if it may be joined with others of its flow.</summary>
[StructLayout(LayoutKind.Auto)]
internal unsafe struct PacketShape
{
    /// <summary>Offset of the TCP or UDP header.</summary>
    public int Transport;

    /// <summary>Bytes of all headers.</summary>
    public int Headers;

    /// <summary>Bytes behind them; never 0 in a packet that may be joined.</summary>
    public int Payload;
    public byte Protocol;
    public byte TcpFlags;

    /// <summary>
    /// Looks for what the kernel would join as well: TCP with only ACK and PSH, or UDP; no fragments, no IPv4 options, no IPv6 extension
    /// headers; and right checksums, since joining gives the packet new ones, which must not heal a damaged packet.
    /// </summary>
    public static bool TryRead(byte* packet, int length, out PacketShape shape)
    {
        Unsafe.SkipInit(out shape);
        if (!TryReadIp(packet, length, ref shape))
            return false;
        var transportLength = length - shape.Transport;
        var isWhole = shape.Protocol switch
        {
            IpHeader.ProtocolTcp => TryReadTcp(packet, length, ref shape),
            IpHeader.ProtocolUdp => TryReadUdp(packet, length, ref shape),
            _ => false,
        };
        if (!isWhole)
            return false;
        var sum = Checksum.PseudoHeader(packet, shape.Protocol, transportLength);
        return Checksum.Fold(Checksum.Add(packet + shape.Transport, transportLength, sum)) == 0xffff;
    }

    /// <summary>Same addresses, ports, and all that a joined packet has only once.</summary>
    public static bool IsSameFlow(byte* a, byte* b, in PacketShape shape)
    {
        if (!IsSameIp(a, b))
            return false;
        byte* left = a + shape.Transport, right = b + shape.Transport;
        if (*(uint*)left != *(uint*)right)
            return false;
        return shape.Protocol == IpHeader.ProtocolUdp
            || (*(uint*)(left + IpHeader.TcpAcknowledgement) == *(uint*)(right + IpHeader.TcpAcknowledgement)
                && left[IpHeader.TcpDataOffset] == right[IpHeader.TcpDataOffset]
                && *(ushort*)(left + IpHeader.TcpWindow) == *(ushort*)(right + IpHeader.TcpWindow)
                && *(ushort*)(left + IpHeader.TcpUrgent) == *(ushort*)(right + IpHeader.TcpUrgent)
                && IsSame(left, right, IpHeader.TcpMinimumLength, shape.Headers - shape.Transport));
    }

    private static bool TryReadIp(byte* packet, int length, ref PacketShape shape)
    {
        if (IpHeader.Version(packet) == 4)
        {
            shape.Transport = IpHeader.V4MinimumLength;
            shape.Protocol = packet[IpHeader.V4Protocol];
            return IpHeader.V4Length(packet) == IpHeader.V4MinimumLength
                && (IpHeader.Read16(packet + IpHeader.V4Fragment) & IpHeader.V4FragmentMask) == 0
                && Checksum.Fold(Checksum.Add(packet, IpHeader.V4MinimumLength)) == 0xffff;
        }
        shape.Transport = IpHeader.V6Length;
        shape.Protocol = packet[IpHeader.V6NextHeader];
        return length > IpHeader.V6Length;
    }

    private static bool TryReadTcp(byte* packet, int length, ref PacketShape shape)
    {
        var tcp = packet + shape.Transport;
        if (length < shape.Transport + IpHeader.TcpMinimumLength)
            return false;
        shape.Headers = shape.Transport + IpHeader.TcpLength(tcp);
        shape.Payload = length - shape.Headers;
        shape.TcpFlags = tcp[IpHeader.TcpFlags];
        return shape.Headers >= shape.Transport + IpHeader.TcpMinimumLength && shape.Payload > 0
            && (shape.TcpFlags | IpHeader.TcpPush) == (IpHeader.TcpAck | IpHeader.TcpPush);
    }

    private static bool TryReadUdp(byte* packet, int length, ref PacketShape shape)
    {
        if (length <= shape.Transport + IpHeader.UdpLength)
            return false;
        var udp = packet + shape.Transport;
        shape.Headers = shape.Transport + IpHeader.UdpLength;
        shape.Payload = length - shape.Headers;
        return IpHeader.Read16(udp + IpHeader.UdpLengthField) == length - shape.Transport
            && *(ushort*)(udp + IpHeader.UdpChecksum) != 0;
    }

    // All of the header but the lengths, the identification and the checksum.
    private static bool IsSameIp(byte* a, byte* b) => IpHeader.Version(a) == 4
        ? *(ushort*)a == *(ushort*)b
            && *(ushort*)(a + IpHeader.V4Fragment) == *(ushort*)(b + IpHeader.V4Fragment)
            && a[IpHeader.V4TimeToLive] == b[IpHeader.V4TimeToLive]
            && *(ulong*)(a + IpHeader.V4Source) == *(ulong*)(b + IpHeader.V4Source)
        : *(uint*)a == *(uint*)b
            && a[IpHeader.V6HopLimit] == b[IpHeader.V6HopLimit]
            && IsSame(a, b, IpHeader.V6Source, IpHeader.V6Length);

    private static bool IsSame(byte* a, byte* b, int from, int to) =>
        new ReadOnlySpan<byte>(a + from, to - from).SequenceEqual(new ReadOnlySpan<byte>(b + from, to - from));
}
