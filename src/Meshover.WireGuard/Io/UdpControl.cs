namespace Meshover.WireGuard.Io;

/// <summary>
/// What goes with a UDP datagram besides its bytes, as ancillary data (cmsg(3); in 8-byte steps):
/// <code>
/// struct cmsghdr     { u64 length; s32 level; s32 type; }        length counts the header, not the padding
/// UDP_SEGMENT        u16 bytes of each datagram                  UDP_GRO  s32, the same of what was received
/// struct in_pktinfo  { s32 link; u8 local[4]; u8 destination[4]; }
/// struct in6_pktinfo { u8 local[16]; s32 link; }
/// IP_TOS             u8 when received, s32 when sent             IPV6_TCLASS  s32
/// </code>
/// </summary>
internal static unsafe class UdpControl
{
    /// <summary>Room for a source, a segment size and a traffic class.</summary>
    public const int MaxLength = 88;

    private const int HeaderLength = 16;
    private const int TypeOffset = 12;
    private const int LevelIp = 0, PacketInfo = 8, Tos = 1;
    private const int LevelIp6 = 41, PacketInfo6 = 50, TrafficClass6 = 67;
    private const int LevelUdp = 17, Segment = 103, Gro = 104;

    /// <summary>Says how long each datagram of a segmented send is; returns the bytes used.</summary>
    public static int WriteSegmentSize(byte* at, int size)
    {
        var value = WriteHeader(at, LevelUdp, Segment, sizeof(ushort));
        *(ushort*)value = (ushort)size;
        return Space(sizeof(ushort));
    }

    /// <summary>Says what goes into the TOS field, or the traffic class of IPv6; returns the bytes used.</summary>
    public static int WriteTrafficClass(byte* at, bool isV4, int value)
    {
        *(int*)(isV4 ? WriteHeader(at, LevelIp, Tos, sizeof(int)) : WriteHeader(at, LevelIp6, TrafficClass6, sizeof(int))) = value;
        return Space(sizeof(int));
    }

    /// <summary>Says from which address (4 bytes) and by which link to send; returns the bytes used.</summary>
    public static int WriteSource4(byte* at, byte* local, int link)
    {
        var value = WriteHeader(at, LevelIp, PacketInfo, 12);
        *(int*)value = link;
        *(uint*)(value + 4) = *(uint*)local;
        *(uint*)(value + 8) = 0;
        return Space(12);
    }

    /// <inheritdoc cref="WriteSource4"/>
    public static int WriteSource6(byte* at, byte* local, int link)
    {
        var value = WriteHeader(at, LevelIp6, PacketInfo6, 20);
        new ReadOnlySpan<byte>(local, 16).CopyTo(new Span<byte>(value, 16));
        *(int*)(value + 16) = link;
        return Space(20);
    }

    /// <summary>Reads what came with a datagram: the size of each of a run, 0 if it came alone, and to which of our addresses it came.</summary>
    /// <param name="local">Gets the link and the address, as <see cref="UdpAddress"/> keeps them; zeros if the kernel did not say.</param>
    /// <param name="trafficClass">Gets the TOS field or the traffic class; 0 if the kernel did not say.</param>
    public static int Read(byte* control, int length, byte* local, out byte trafficClass)
    {
        var segment = 0;
        trafficClass = 0;
        new Span<byte>(local, UdpAddress.LocalLength).Clear();
        while (length >= HeaderLength)
        {
            var bytes = (int)*(nuint*)control;
            if (bytes < HeaderLength || bytes > length)
                break;
            var (level, type) = (*(int*)(control + 8), *(int*)(control + TypeOffset));
            var value = control + HeaderLength;
            if (level == LevelUdp && type == Gro)
                segment = *(int*)value;
            else if (level == LevelIp && type == PacketInfo)
                Keep(local, *(int*)value, value + 4, 4);
            else if (level == LevelIp6 && type == PacketInfo6)
                Keep(local, *(int*)(value + 16), value, 16);
            else if ((level == LevelIp && type == Tos) || (level == LevelIp6 && type == TrafficClass6))
                trafficClass = *value; // an s32's lowest byte comes first
            var space = Space(bytes - HeaderLength);
            control += space;
            length -= space;
        }
        return segment;
    }

    private static void Keep(byte* local, int link, byte* address, int length)
    {
        *(int*)local = link;
        new ReadOnlySpan<byte>(address, length).CopyTo(new Span<byte>(local + sizeof(int), length));
    }

    private static byte* WriteHeader(byte* at, int level, int type, int length)
    {
        *(nuint*)at = (nuint)(HeaderLength + length);
        *(int*)(at + 8) = level;
        *(int*)(at + TypeOffset) = type;
        return at + HeaderLength;
    }

    private static int Space(int length) => HeaderLength + ((length + 7) & -8);
}
