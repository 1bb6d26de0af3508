using System.Buffers.Binary;
using Meshover.UnitTests.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>What a slow reader of the RFCs says about a packet. Allocates nothing.</summary>
internal static class PacketOracle
{
    /// <summary>The length that an IPv4 or IPv6 packet says it has, which may be less than there is; 0 if it is none, or cut short.</summary>
    public static int SaidLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 20 || (bytes[0] >> 4 == 6 && bytes.Length < 40))
            return 0;
        var total = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        var length = (bytes[0] >> 4) switch
        {
            4 when total >= Math.Max((bytes[0] & 15) * 4, 20) => total,
            6 => 40 + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]),
            _ => 0,
        };
        return length <= bytes.Length ? length : 0;
    }

    /// <summary>GRE over IPv4 between two tunnel addresses, whatever it looks like otherwise.</summary>
    public static bool IsGre(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        packet[0] >> 4 == 4 && packet[9] == 47 && packet[12..16].SequenceEqual(from) && packet[16..20].SequenceEqual(to);

    /// <summary>The length of the packet within GRE; 0 if anything but the addresses, TOS, TTL and identification is not as it must be.</summary>
    public static int GreInnerLength(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 44 || packet[0] != 0x45 || (packet[6] & 0x3f) != 0 || packet[7] != 0 || TestPackets.Ones(packet[..20]) != 0xffff
            || packet[20] != 0 || packet[21] != 0)
            return 0;
        var version = BinaryPrimitives.ReadUInt16BigEndian(packet[22..]) switch
        {
            0x0800 => 4,
            0x86dd => 6,
            _ => 0,
        };
        return version == packet[24] >> 4 ? SaidLength(packet[24..]) : 0;
    }
}
