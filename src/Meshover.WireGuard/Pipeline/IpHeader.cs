using System.Buffers.Binary;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Fields of IPv4 (RFC 791), IPv6 (RFC 8200), TCP and UDP headers by their offsets. Nothing is checked here: a caller has made sure that
/// the bytes are there.
/// </summary>
internal static unsafe class IpHeader
{
    public const int V4MinimumLength = 20;
    public const int V6Length = 40;
    public const int TcpMinimumLength = 20;
    public const int UdpLength = 8;

    public const byte ProtocolTcp = 6;
    public const byte ProtocolUdp = 17;
    public const byte ProtocolGre = 47;

    public const int V4TotalLength = 2;
    public const int V4Identification = 4;
    public const int V4Fragment = 6;
    public const int V4TimeToLive = 8;
    public const int V4Protocol = 9;
    public const int V4Checksum = 10;
    public const int V4Source = 12;
    public const int V4Destination = 16;

    public const int V6PayloadLength = 4;
    public const int V6NextHeader = 6;
    public const int V6HopLimit = 7;
    public const int V6Source = 8;
    public const int V6Destination = 24;

    public const int TcpSequence = 4;
    public const int TcpAcknowledgement = 8;
    public const int TcpDataOffset = 12;
    public const int TcpFlags = 13;
    public const int TcpWindow = 14;
    public const int TcpChecksum = 16;
    public const int TcpUrgent = 18;

    public const int UdpLengthField = 4;
    public const int UdpChecksum = 6;

    public const byte TcpFin = 0x01;
    public const byte TcpPush = 0x08;
    public const byte TcpAck = 0x10;
    public const byte TcpCwr = 0x80;

    /// <summary>"More fragments" and the fragment offset, without "don't fragment".</summary>
    public const int V4FragmentMask = 0x3fff;

    public const int V4DontFragment = 0x4000;

    public static int Version(byte* ip) => ip[0] >> 4;

    /// <summary>Header length of IPv4 in bytes, options included.</summary>
    public static int V4Length(byte* ip) => (ip[0] & 0xf) * 4;

    public static int TcpLength(byte* tcp) => (tcp[TcpDataOffset] >> 4) * 4;

    public static ushort Read16(byte* at) => BinaryPrimitives.ReverseEndianness(*(ushort*)at);

    public static uint Read32(byte* at) => BinaryPrimitives.ReverseEndianness(*(uint*)at);

    public static void Write16(byte* at, int value) => *(ushort*)at = BinaryPrimitives.ReverseEndianness((ushort)value);

    public static void Write32(byte* at, uint value) => *(uint*)at = BinaryPrimitives.ReverseEndianness(value);

    /// <summary>Both addresses as they add to a checksum.</summary>
    public static ulong AddressSum(byte* ip) => Version(ip) == 4
        ? Checksum.Add(ip + V4Source, V4MinimumLength - V4Source)
        : Checksum.Add(ip + V6Source, V6Length - V6Source);

    /// <summary>
    /// The length that a packet of <paramref name="available"/> bytes says it has; WireGuard pads packets, so there may be more. 0: it is
    /// no IPv4 or IPv6 packet, or it is cut short.
    /// </summary>
    public static int PacketLength(byte* ip, int available)
    {
        if (available < V4MinimumLength)
            return 0;
        var (length, minimum) = Version(ip) switch
        {
            4 => (Read16(ip + V4TotalLength), Math.Max(V4Length(ip), V4MinimumLength)),
            6 when available >= V6Length => (V6Length + Read16(ip + V6PayloadLength), V6Length),
            _ => (0, 1),
        };
        return length >= minimum && length <= available ? length : 0;
    }
}
