using System.Buffers.Binary;
using System.Net;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>Packets with right checksums, computed the slow way, and the check that others' are right.</summary>
internal static class TestPackets
{
    public const int Tcp = 6;
    public const int Udp = 17;

    public static readonly IPAddress Source4 = IPAddress.Parse("10.0.0.1");
    public static readonly IPAddress Destination4 = IPAddress.Parse("10.0.0.2");
    public static readonly IPAddress Source6 = IPAddress.Parse("fd00::1");
    public static readonly IPAddress Destination6 = IPAddress.Parse("fd00::2");

    /// <summary>A TCP segment; the header has 12 bytes of options, as Linux's timestamps make it.</summary>
    public static byte[] TcpPacket(
        bool v6, byte[] payload, uint sequence = 1000, byte flags = 0x10,
        uint acknowledgement = 7, ushort window = 512, ushort sourcePort = 40000)
    {
        var tcp = new byte[32 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), 443);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(8), acknowledgement);
        tcp[12] = 8 << 4;
        tcp[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(14), window);
        new byte[] { 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8 }.CopyTo(tcp, 20);
        payload.CopyTo(tcp, 32);
        return Finish(v6, Tcp, tcp, checksumAt: 16);
    }

    public static byte[] UdpPacket(bool v6, byte[] payload, ushort sourcePort = 40000)
    {
        var udp = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(udp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), 53);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), (ushort)udp.Length);
        payload.CopyTo(udp, 8);
        return Finish(v6, Udp, udp, checksumAt: 6);
    }

    public static bool IsV6(ReadOnlySpan<byte> packet) => packet[0] >> 4 == 6;

    /// <summary>Length field, IPv4 header checksum and transport checksum are right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> packet)
    {
        var header = IsV6(packet) ? 40 : 20;
        var length = IsV6(packet)
            ? 40 + BinaryPrimitives.ReadUInt16BigEndian(packet[4..])
            : BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var protocol = packet[IsV6(packet) ? 6 : 9];
        return length == packet.Length
            && (IsV6(packet) || Ones(packet[..20]) == 0xffff)
            && Ones(Pseudo(packet, protocol, packet.Length - header).Concat(packet[header..].ToArray()).ToArray()) == 0xffff;
    }

    /// <summary>The one's complement sum, two bytes at a time (RFC 1071).</summary>
    public static ushort Ones(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (var i = 0; i < data.Length; i += 2)
        {
            sum += (uint)(data[i] << 8) | (i + 1 < data.Length ? data[i + 1] : 0u);
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (ushort)sum;
    }

    public static byte[] Pseudo(ReadOnlySpan<byte> packet, int protocol, int length)
    {
        var addresses = IsV6(packet) ? packet.Slice(8, 32) : packet.Slice(12, 8);
        return [.. addresses, 0, (byte)protocol, (byte)(length >> 8), (byte)length];
    }

    private static byte[] Finish(bool v6, int protocol, byte[] transport, int checksumAt)
    {
        var packet = (byte[])[.. v6 ? Header6(protocol, transport.Length) : Header4(protocol, transport.Length), .. transport];
        var start = packet.Length - transport.Length;
        var sum = (ushort)~Ones([.. Pseudo(packet, protocol, transport.Length), .. transport]);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(start + checksumAt), sum == 0 ? (ushort)0xffff : sum);
        return packet;
    }

    private static byte[] Header4(int protocol, int length)
    {
        var header = new byte[20];
        header[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(20 + length));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), 77);
        header[6] = 0x40;
        header[8] = 64;
        header[9] = (byte)protocol;
        Source4.TryWriteBytes(header.AsSpan(12), out _);
        Destination4.TryWriteBytes(header.AsSpan(16), out _);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), (ushort)~Ones(header));
        return header;
    }

    private static byte[] Header6(int protocol, int length)
    {
        var header = new byte[40];
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)length);
        header[6] = (byte)protocol;
        header[7] = 64;
        Source6.TryWriteBytes(header.AsSpan(8), out _);
        Destination6.TryWriteBytes(header.AsSpan(24), out _);
        return header;
    }
}
