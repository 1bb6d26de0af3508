using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary>
/// A UDP endpoint as the kernel takes it, never changed once made: a peer that moves gets a new one, so that a thread which is sending to
/// the old one is not disturbed.
/// <code>
/// sockaddr_in:  u16 family, be16 port, u8 address[4], u8 zero[8]
/// sockaddr_in6: u16 family, be16 port, u32 flow, u8 address[16], u32 scope
/// </code>
/// </summary>
internal sealed unsafe class UdpAddress
{
    public const int MaxLength = 28;

    private const int Length4 = 16;
    private const ushort Family4 = 2;
    private const ushort Family6 = 10;
    private const int PortOffset = 2;
    private const int Address4Offset = 4;
    private const int Address6Offset = 8;
    private const int ScopeOffset = 24;

    // Pinned for its life: the pointer stays right and the collector frees it.
    private readonly byte[] _bytes = GC.AllocateArray<byte>(MaxLength, pinned: true);

    public UdpAddress(ReadOnlySpan<byte> raw) => raw[..Math.Min(raw.Length, MaxLength)].CopyTo(_bytes);

    public UdpAddress(IPEndPoint endpoint)
    {
        var is4 = endpoint.AddressFamily == AddressFamily.InterNetwork;
        MemoryMarshal.Write(_bytes, is4 ? Family4 : Family6);
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(PortOffset), (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(_bytes.AsSpan(is4 ? Address4Offset : Address6Offset), out _);
        if (!is4)
            MemoryMarshal.Write(_bytes.AsSpan(ScopeOffset), (uint)endpoint.Address.ScopeId);
    }

    public bool IsV4 => MemoryMarshal.Read<ushort>(_bytes) == Family4;

    public int Length => IsV4 ? Length4 : MaxLength;

    /// <summary>Valid as long as this object is reachable.</summary>
    public byte* Pointer => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));

    public IPEndPoint ToEndPoint()
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(PortOffset));
        var address = IsV4
            ? new IPAddress(_bytes.AsSpan(Address4Offset, 4))
            : new IPAddress(_bytes.AsSpan(Address6Offset, 16), MemoryMarshal.Read<uint>(_bytes.AsSpan(ScopeOffset)));
        return new IPEndPoint(address, port);
    }

    /// <inheritdoc cref="Matches(byte*)"/>
    public bool Matches(ReadOnlySpan<byte> raw)
    {
        fixed (byte* start = raw[..MaxLength])
            return Matches(start);
    }

    /// <summary>Compares with an address that the kernel wrote; what it leaves undefined (flow, padding) does not count.</summary>
    public bool Matches(byte* raw) => AreSame(Pointer, raw);

    /// <summary>Compares two addresses that the kernel wrote, as <see cref="Matches(byte*)"/> does.</summary>
    public static bool AreSame(byte* one, byte* other)
    {
        if (*(uint*)one != *(uint*)other)
            return false;
        return *(ushort*)one == Family4
            ? *(uint*)(one + Address4Offset) == *(uint*)(other + Address4Offset)
            : *(ulong*)(one + Address6Offset) == *(ulong*)(other + Address6Offset)
                && *(ulong*)(one + Address6Offset + 8) == *(ulong*)(other + Address6Offset + 8)
                && *(uint*)(one + ScopeOffset) == *(uint*)(other + ScopeOffset);
    }

    /// <summary>Address and port in network order, to which cookies are bound; returns how many bytes (6 or 18).</summary>
    public static int WriteIdentity(ReadOnlySpan<byte> raw, Span<byte> identity)
    {
        var address = MemoryMarshal.Read<ushort>(raw) == Family4 ? raw.Slice(Address4Offset, 4) : raw.Slice(Address6Offset, 16);
        address.CopyTo(identity);
        raw.Slice(PortOffset, 2).CopyTo(identity[address.Length..]);
        return address.Length + 2;
    }
}
