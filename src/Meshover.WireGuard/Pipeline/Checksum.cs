using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// The Internet checksum (RFC 1071). Sums are of 32-bit words as they lie in memory, kept in 64 bits and folded once at the end: adding in
/// the machine's byte order and storing the result without swapping gives the same bytes as adding in network order.
/// </summary>
internal static unsafe class Checksum
{
    private const ulong Low32 = 0xffff_ffff;

    /// <summary>Adds <paramref name="length"/> bytes to <paramref name="sum"/>. Overflows only beyond 16 GiB.</summary>
    public static ulong Add(byte* data, int length, ulong sum = 0)
    {
        if (length >= Vector256<byte>.Count)
        {
            var low = Vector256<ulong>.Zero;
            var high = Vector256<ulong>.Zero;
            var mask = Vector256.Create(Low32);
            do
            {
                var words = Vector256.Load((ulong*)data);
                low += words & mask;
                high += words >>> 32;
                data += Vector256<byte>.Count;
                length -= Vector256<byte>.Count;
            }
            while (length >= Vector256<byte>.Count);
            sum += Vector256.Sum(low + high);
        }
        return AddTail(data, length, sum);
    }

    /// <summary>Copies and adds in one pass over memory. The two do not overlap.</summary>
    public static ulong CopyAndAdd(byte* destination, byte* source, int length, ulong sum)
    {
        var low = Vector256<ulong>.Zero;
        var high = Vector256<ulong>.Zero;
        var mask = Vector256.Create(Low32);
        while (length >= Vector256<byte>.Count)
        {
            var words = Vector256.Load((ulong*)source);
            words.Store((ulong*)destination);
            low += words & mask;
            high += words >>> 32;
            source += Vector256<byte>.Count;
            destination += Vector256<byte>.Count;
            length -= Vector256<byte>.Count;
        }
        sum += Vector256.Sum(low + high); // before the call, which no vector register survives: they would live in memory all along
        Buffer.MemoryCopy(source, destination, length, length);
        return AddTail(destination, length, sum);
    }

    /// <summary>Folds a sum to 16 bits, in memory order. The checksum to store is its complement.</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & Low32) + (sum >> 32);
        sum = (sum & Low32) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)((sum & 0xffff) + (sum >> 16));
    }

    /// <summary>A 16-bit number as it adds to a sum when it lies in memory in network order.</summary>
    public static ulong Word(int value) => BinaryPrimitives.ReverseEndianness((ushort)value);

    /// <summary>The pseudo header of TCP and UDP: addresses, protocol and length (RFC 9293 section 3.1, RFC 8200 section 8.1).</summary>
    public static ulong PseudoHeader(byte* ip, int protocol, int transportLength) =>
        IpHeader.AddressSum(ip) + Word(protocol) + Word(transportLength);

    /// <summary>Writes an IPv4 header's checksum.</summary>
    public static void SetIpv4(byte* ip)
    {
        *(ushort*)(ip + IpHeader.V4Checksum) = 0;
        *(ushort*)(ip + IpHeader.V4Checksum) = (ushort)~Fold(Add(ip, IpHeader.V4Length(ip)));
    }

    private static ulong AddTail(byte* data, int length, ulong sum)
    {
        for (; length >= sizeof(uint); length -= sizeof(uint), data += sizeof(uint))
            sum += *(uint*)data;
        if (length >= sizeof(ushort))
        {
            sum += *(ushort*)data;
            length -= sizeof(ushort);
            data += sizeof(ushort);
        }
        return length > 0 ? sum + *data : sum;
    }
}
