using System.Buffers.Binary;
using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>
/// Segmentation as one would write it down first: every segment is built and summed whole. It shares nothing with the engine's.
/// </summary>
internal static class ReferenceSegmenter
{
    private const byte Fin = 1, Push = 8, Cwr = 128;

    public static List<byte[]> Cut(VnetHeader vnet, byte[] packet)
    {
        if (vnet.GsoType == VnetHeader.GsoNone)
            return [(vnet.Flags & VnetHeader.NeedsChecksum) == 0 ? packet : Complete(packet, vnet.ChecksumStart, vnet.ChecksumOffset)];
        var isTcp = (vnet.GsoType & ~VnetHeader.GsoEcn) != VnetHeader.GsoUdpL4;
        var headers = vnet.ChecksumStart + (isTcp ? packet[vnet.ChecksumStart + 12] / 16 * 4 : 8);
        var cut = new List<byte[]>();
        for (var at = headers; at < packet.Length; at += vnet.GsoSize)
        {
            var end = Math.Min(at + vnet.GsoSize, packet.Length);
            byte[] segment = [.. packet[..headers], .. packet[at..end]];
            SetIp(segment, cut.Count);
            if (isTcp)
                SetTcp(segment.AsSpan(vnet.ChecksumStart), at - headers, isFirst: at == headers, isLast: end == packet.Length);
            else
                BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(vnet.ChecksumStart + 4), (ushort)(segment.Length - vnet.ChecksumStart));
            cut.Add(Checksummed(segment, vnet.ChecksumStart, isTcp ? TestPackets.Tcp : TestPackets.Udp));
        }
        return cut;
    }

    private static void SetIp(Span<byte> segment, int index)
    {
        if (TestPackets.IsV6(segment))
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(segment.Length - 40));
            return;
        }
        var header = segment[..((segment[0] & 15) * 4)];
        var identification = BinaryPrimitives.ReadUInt16BigEndian(header[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)segment.Length);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(identification + index));
        (header[10], header[11]) = (0, 0);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~TestPackets.Ones(header));
    }

    private static void SetTcp(Span<byte> tcp, int offset, bool isFirst, bool isLast)
    {
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) + (uint)offset);
        if (!isLast)
            tcp[13] &= unchecked((byte)~(Fin | Push));
        if (!isFirst)
            tcp[13] &= unchecked((byte)~Cwr);
    }

    private static byte[] Checksummed(byte[] segment, int start, int protocol)
    {
        var field = start + (protocol == TestPackets.Udp ? 6 : 16);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(field), 0);
        var sum = TestPackets.Ones([.. TestPackets.Pseudo(segment, protocol, segment.Length - start), .. segment[start..]]);
        var checksum = (ushort)~sum;
        var zero = protocol == TestPackets.Udp ? (ushort)0xffff : (ushort)0;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(field), checksum == 0 ? zero : checksum);
        return segment;
    }

    // The field holds the pseudo header's sum already.
    private static byte[] Complete(byte[] packet, int start, int offset)
    {
        byte[] whole = [.. packet];
        var checksum = (ushort)~TestPackets.Ones(packet.AsSpan(start));
        BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(start + offset), checksum == 0 ? (ushort)0xffff : checksum);
        return whole;
    }
}
