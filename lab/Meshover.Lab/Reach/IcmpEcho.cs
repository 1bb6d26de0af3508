using System.Buffers.Binary;
using System.Net.Sockets;

namespace Meshover.Lab.Reach;

/// <summary>
/// ICMP echo messages (RFC 792, RFC 4443 section 4): type, code, checksum, identifier, sequence number, then any data.
/// The kernel fills in ICMPv6's checksum itself, for it covers the addresses.
/// </summary>
internal static class IcmpEcho
{
    private const int HeaderSize = 8;
    private const byte Request4 = 8;
    private const byte Reply4 = 0;
    private const byte Request6 = 128;
    private const byte Reply6 = 129;

    internal static byte[] Request(AddressFamily family, ushort identifier, ushort sequence, int dataLength = 56)
    {
        var message = new byte[HeaderSize + dataLength];
        message[0] = family == AddressFamily.InterNetwork ? Request4 : Request6;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), sequence);
        if (family == AddressFamily.InterNetwork) BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum(message));
        return message;
    }

    /// <summary>Takes what a raw socket received: with the IP header before it for IPv4, without it for IPv6.</summary>
    internal static bool TryReadReply(AddressFamily family, ReadOnlySpan<byte> received, out ushort identifier, out ushort sequence)
    {
        (identifier, sequence) = (0, 0);
        if (family == AddressFamily.InterNetwork)
        {
            var header = received.Length > 0 ? (received[0] & 0xf) * 4 : 0;
            if (header == 0 || received.Length < header) return false;
            received = received[header..];
        }
        if (received.Length < HeaderSize || received[0] != (family == AddressFamily.InterNetwork ? Reply4 : Reply6)) return false;
        identifier = BinaryPrimitives.ReadUInt16BigEndian(received[4..]);
        sequence = BinaryPrimitives.ReadUInt16BigEndian(received[6..]);
        return true;
    }

    // RFC 1071; every message here has an even length.
    private static ushort Checksum(ReadOnlySpan<byte> message)
    {
        uint sum = 0;
        for (var i = 0; i < message.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(message[i..]);
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
