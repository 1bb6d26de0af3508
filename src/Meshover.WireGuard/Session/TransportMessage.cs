using System.Buffers.Binary;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The message that carries packets (WireGuard paper, section 5.4.6), little endian:
/// <code>
///  0  u8 type = 4, u8 reserved[3] = 0
///  4  u32 receiver index
///  8  u64 counter
/// 16  ciphertext of the packet, padded with zeros to a multiple of 16 bytes, and its tag of 16 bytes
/// </code>
/// </summary>
internal static class TransportMessage
{
    public const uint Type = 4;
    public const int HeaderLength = 16;
    public const int TagLength = 16;

    /// <summary>What a packet grows by; also the length of an empty one, a keepalive.</summary>
    public const int Overhead = HeaderLength + TagLength;

    public static void WriteHeader(Span<byte> message, uint receiver, ulong counter)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, Type);
        BinaryPrimitives.WriteUInt32LittleEndian(message[4..], receiver);
        BinaryPrimitives.WriteUInt64LittleEndian(message[8..], counter);
    }

    /// <summary>False for anything that is no transport message: another type, reserved bytes set, or too short.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> message, out uint receiver, out ulong counter)
    {
        (receiver, counter) = (0, 0);
        if (message.Length < Overhead || BinaryPrimitives.ReadUInt32LittleEndian(message) != Type)
            return false;
        receiver = BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);
        counter = BinaryPrimitives.ReadUInt64LittleEndian(message[8..]);
        return true;
    }

    /// <summary>The length of a packet with its padding: to 16 bytes, but not beyond the MTU (0 for an empty packet).</summary>
    public static int PaddedLength(int length, int mtu) => Math.Min((length + 15) & ~15, Math.Max(mtu, length));
}
