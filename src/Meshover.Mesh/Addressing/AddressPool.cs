using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Mesh.Addressing;

/// <summary>
/// The addresses of a network that may be given to nodes, counted from 0. The network's own address and, in IPv4, its broadcast
/// address are left out: old software stumbles over both.
/// </summary>
public readonly record struct AddressPool(IPNetwork Network)
{
    /// <summary>How many addresses it has; cut to what a long holds, which is more than node ids exist.</summary>
    public long Size
    {
        get
        {
            var isV4 = Network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
            var hostBits = (isV4 ? 32 : 128) - Network.PrefixLength;
            var size = hostBits >= 62 ? 1L << 62 : 1L << hostBits;
            return Math.Max(0, size - (isV4 ? 2 : 1));
        }
    }

    /// <summary>Whether it is one of those that may be given.</summary>
    public bool Has(IPAddress address) => Size > 0 && Network.Contains(address) && !address.Equals(Network.BaseAddress)
        && (address.AddressFamily != AddressFamily.InterNetwork || !address.Equals(At(Size - 1, beyond: 1)));

    /// <param name="index">0 to <see cref="Size"/> - 1; 0 is the network's address plus one.</param>
    public IPAddress At(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        return At(index, beyond: 0);
    }

    private IPAddress At(long index, uint beyond)
    {
        Span<byte> bytes = stackalloc byte[16];
        Network.BaseAddress.TryWriteBytes(bytes, out var length);
        if (length == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) + (uint)index + 1 + beyond);
            return new IPAddress(bytes[..4]);
        }
        BinaryPrimitives.WriteUInt128BigEndian(bytes, BinaryPrimitives.ReadUInt128BigEndian(bytes) + (ulong)index + 1);
        return new IPAddress(bytes);
    }
}
