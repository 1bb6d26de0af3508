using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>Address families as the kernel numbers them, and prefixes as its headers and attributes share them out.</summary>
internal static class Families
{
    internal const byte Unspecified = 0;
    internal const byte IPv4 = 2;
    internal const byte IPv6 = 10;

    internal static byte Of(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? IPv6 : IPv4;

    internal static byte Of(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? IPv6 : IPv4;

    internal static int AddressBits(byte family) => family == IPv6 ? 128 : 32;

    internal static IPAddress Any(byte family) => family == IPv6 ? IPAddress.IPv6Any : IPAddress.Any;

    /// <summary>A prefix from a header's length and an attribute that is missing where the length is 0.</summary>
    internal static IPNetwork Prefix(IPAddress? address, byte length, byte family)
    {
        if (length > AddressBits(family) || (address is not null && Of(address) != family))
            throw new NetlinkFormatException($"a prefix of family {family} with length {length}");
        return new IPNetwork(Masked(address ?? Any(family), length), length);
    }

    // The kernel itself clears host bits; a message that does not must not become an ArgumentException of IPNetwork.
    private static IPAddress Masked(IPAddress address, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out var count);
        for (var bit = length; bit < count * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPAddress(bytes[..count]);
    }
}
