using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Linux.Netlink.Codec;

namespace Meshover.Linux.WireGuard;

/// <summary>
/// Addresses with ports as the kernel has them (linux/in.h, linux/in6.h):
/// <code>
/// struct sockaddr_in  { u16 family; be16 port; u8 address[4]; u8 zero[8]; }
/// struct sockaddr_in6 { u16 family; be16 port; be32 flowinfo; u8 address[16]; u32 scope_id; }
/// </code>
/// </summary>
internal static class SocketAddressCodec
{
    internal const int MaxLength = LengthV6;
    private const int LengthV4 = 16;
    private const int LengthV6 = 28;

    /// <summary>Writes it and returns its length.</summary>
    internal static int Write(IPEndPoint endpoint, Span<byte> destination)
    {
        var isV6 = endpoint.AddressFamily == AddressFamily.InterNetworkV6;
        var address = destination[..(isV6 ? LengthV6 : LengthV4)];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, Families.Of(endpoint.Address));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(address[(isV6 ? 8 : 4)..], out _);
        if (isV6)
            BinaryPrimitives.WriteUInt32LittleEndian(address[24..], (uint)endpoint.Address.ScopeId);
        return address.Length;
    }

    /// <exception cref="NetlinkFormatException">It is neither of the two.</exception>
    internal static IPEndPoint Read(ReadOnlySpan<byte> address)
    {
        var family = address.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(address);
        return (family, address.Length) switch
        {
            (Families.IPv4, LengthV4) => new IPEndPoint(new IPAddress(address[4..8]), Port(address)),
            (Families.IPv6, LengthV6) => new IPEndPoint(
                new IPAddress(address[8..24], BinaryPrimitives.ReadUInt32LittleEndian(address[24..])), Port(address)),
            _ => throw new NetlinkFormatException($"a socket address of family {family} has {address.Length} bytes"),
        };
    }

    private static int Port(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
}
