using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary>
/// Where a peer is, as the kernel takes it, and to which of our addresses its packets came. Never changed once made, but for
/// <see cref="IsPinned"/>: a peer that moves gets a new one, so that a thread which is sending to the old one is not disturbed.
/// <code>
/// sockaddr_in:  u16 family, be16 port, u8 address[4], u8 zero[8]
/// sockaddr_in6: u16 family, be16 port, u32 flow, u8 address[16], u32 scope
/// behind it:    s32 link, u8 local[4 or 16]                                   ours; zeros if not known
/// </code>
/// </summary>
internal sealed unsafe class UdpAddress
{
    /// <summary>Bytes of the longest socket address.</summary>
    public const int MaxLength = 28;

    /// <summary>Bytes of an IPv4 one.</summary>
    public const int Length4 = 16;

    /// <summary>Bytes of the link and our own address behind it.</summary>
    public const int LocalLength = 20;

    /// <summary>Bytes of both.</summary>
    public const int RawLength = MaxLength + LocalLength;

    private const ushort Family4 = 2;
    private const ushort Family6 = 10;
    private const int PortOffset = 2;
    private const int Address4Offset = 4;
    private const int Address6Offset = 8;
    private const int ScopeOffset = 24;
    private const int LinkOffset = MaxLength;
    private const int LocalOffset = MaxLength + sizeof(int);

    // Pinned for its life: the pointer stays right and the collector frees it.
    private readonly byte[] _bytes = GC.AllocateArray<byte>(RawLength, pinned: true);
    private volatile bool _isPinned;

    /// <param name="raw">Of <see cref="RawLength"/> bytes, or a socket address alone.</param>
    public UdpAddress(ReadOnlySpan<byte> raw) => raw[..Math.Min(raw.Length, RawLength)].CopyTo(_bytes);

    public UdpAddress(IPEndPoint endpoint)
    {
        var is4 = endpoint.AddressFamily == AddressFamily.InterNetwork;
        MemoryMarshal.Write(_bytes, is4 ? Family4 : Family6);
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(PortOffset), (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(_bytes.AsSpan(is4 ? Address4Offset : Address6Offset), out _);
        if (!is4)
            MemoryMarshal.Write(_bytes.AsSpan(ScopeOffset), (uint)endpoint.Address.ScopeId);
    }

    public bool IsV4 => IsV4Raw(_bytes);

    /// <summary>Whether what the kernel said is an IPv4 address.</summary>
    public static bool IsV4Raw(ReadOnlySpan<byte> raw) => MemoryMarshal.Read<ushort>(raw) == Family4;

    public int Length => IsV4 ? Length4 : MaxLength;

    /// <summary>Valid as long as this object is reachable.</summary>
    public byte* Pointer => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));

    /// <summary>The link by which the peer's packets came; 0 if not known.</summary>
    public int Link => MemoryMarshal.Read<int>(_bytes.AsSpan(LinkOffset));

    /// <summary>Our own address to which they came.</summary>
    public IPAddress Local => new(_bytes.AsSpan(LocalOffset, IsV4 ? 4 : 16));

    /// <summary>
    /// Answers leave from <see cref="Local"/> by <see cref="Link"/>, instead of as the routes alone would have it. The control thread sets
    /// it where such a way exists; whoever finds that it does not any more clears it. Any thread.
    /// </summary>
    public bool IsPinned
    {
        get => _isPinned;
        set => _isPinned = value;
    }

    /// <summary>
    /// After a send that failed so: if the reason may be that the pinned address or link is gone, it is let go of, and true says to
    /// try again.
    /// </summary>
    public bool Unpin(int errno)
    {
        var isGone = errno is Libc.Invalid or Libc.NoDevice or Libc.AddressNotAvailable or Libc.NetworkUnreachable or Libc.HostUnreachable;
        if (!_isPinned || !isGone)
            return false;
        _isPinned = false;
        return true;
    }

    public IPEndPoint ToEndPoint()
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(PortOffset));
        var address = IsV4
            ? new IPAddress(_bytes.AsSpan(Address4Offset, 4))
            : new IPAddress(_bytes.AsSpan(Address6Offset, 16), MemoryMarshal.Read<uint>(_bytes.AsSpan(ScopeOffset)));
        return new IPEndPoint(address, port);
    }

    /// <summary>Writes where to send from as ancillary data, if that is pinned; returns the bytes used.</summary>
    public int WriteSource(byte* control) => _isPinned ? WriteSource(Pointer, control) : 0;

    /// <summary>Writes as ancillary data that an answer to what came from there leaves from where it came to; returns the bytes used.</summary>
    public static int WriteSource(byte* raw, byte* control)
    {
        var local = raw + LocalOffset;
        var link = *(int*)(raw + LinkOffset);
        return *(ushort*)raw == Family4 ? UdpControl.WriteSource4(control, local, link) : UdpControl.WriteSource6(control, local, link);
    }

    /// <inheritdoc cref="Matches(byte*)"/>
    public bool Matches(ReadOnlySpan<byte> raw)
    {
        fixed (byte* start = raw[..RawLength])
            return Matches(start);
    }

    /// <summary>
    /// Compares with what the kernel said of a datagram (<see cref="RawLength"/>); what it leaves undefined (flow, padding) does not count.
    /// </summary>
    public bool Matches(byte* raw) => AreSame(Pointer, raw);

    /// <summary>Compares what the kernel said of two datagrams, as <see cref="Matches(byte*)"/> does.</summary>
    public static bool AreSame(byte* one, byte* other)
    {
        if (*(uint*)one != *(uint*)other || *(int*)(one + LinkOffset) != *(int*)(other + LinkOffset))
            return false;
        return *(ushort*)one == Family4
            ? IsSame(one, other, Address4Offset, 4) && IsSame(one, other, LocalOffset, 4)
            : IsSame(one, other, Address6Offset, 16) && IsSame(one, other, ScopeOffset, 4) && IsSame(one, other, LocalOffset, 16);
    }

    /// <summary>Address and port in network order, to which cookies are bound; returns how many bytes (6 or 18).</summary>
    public static int WriteIdentity(ReadOnlySpan<byte> raw, Span<byte> identity)
    {
        var address = MemoryMarshal.Read<ushort>(raw) == Family4 ? raw.Slice(Address4Offset, 4) : raw.Slice(Address6Offset, 16);
        address.CopyTo(identity);
        raw.Slice(PortOffset, 2).CopyTo(identity[address.Length..]);
        return address.Length + 2;
    }

    private static bool IsSame(byte* a, byte* b, int offset, int length) =>
        new ReadOnlySpan<byte>(a + offset, length).SequenceEqual(new ReadOnlySpan<byte>(b + offset, length));
}
