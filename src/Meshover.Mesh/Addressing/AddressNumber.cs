using System.Buffers.Binary;
using System.Net;

namespace Meshover.Mesh.Addressing;

/// <summary>An address as the number that it is, to sort and to mask.</summary>
public static class AddressNumber
{
    /// <summary>32 bits of IPv4, 128 of IPv6.</summary>
    public static UInt128 Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
