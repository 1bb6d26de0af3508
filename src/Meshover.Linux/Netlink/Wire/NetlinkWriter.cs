using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Meshover.Linux.Netlink.Wire;

/// <summary>
/// Writes one netlink message. All integers are in host order, which on every machine that we run on is little endian; everything is
/// padded to 4 bytes (linux/netlink.h):
/// <code>
/// struct nlmsghdr { u32 len; u16 type; u16 flags; u32 seq; u32 pid; }     len counts the header
/// then the family's own header, then attributes
/// struct nlattr   { u16 len; u16 type; }                                  len counts the header, not the padding
/// </code>
/// </summary>
internal ref struct NetlinkWriter
{
    internal const int HeaderLength = 16;
    internal const ushort NestedFlag = 0x8000;

    private readonly Span<byte> _buffer;
    private int _position;

    internal NetlinkWriter(Span<byte> buffer, ushort type, MessageFlags flags, uint sequence)
    {
        _buffer = buffer;
        _position = 0;
        var header = Take(HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], sequence);
    }

    /// <summary>Bytes that still fit, padding included.</summary>
    internal readonly int Room => _buffer.Length - _position;

    /// <summary>Sets the length and returns the whole message.</summary>
    internal readonly ReadOnlySpan<byte> Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer, (uint)_position);
        return _buffer[.._position];
    }

    /// <summary>The next bytes of the message, zeroed, to be filled in: a family's fixed header.</summary>
    internal Span<byte> Take(int length)
    {
        var padded = Align(length);
        if (_position + padded > _buffer.Length)
            throw new NetlinkFormatException($"a request of more than {_buffer.Length} bytes");
        var taken = _buffer.Slice(_position, padded);
        taken.Clear();
        _position += padded;
        return taken[..length];
    }

    internal void PutBytes(ushort type, scoped ReadOnlySpan<byte> value)
    {
        var length = 4 + value.Length;
        var attribute = Take(length);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute, (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute[2..], type);
        value.CopyTo(attribute[4..]);
    }

    internal void PutByte(ushort type, byte value) => PutBytes(type, [value]);

    internal void PutUInt16(ushort type, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        PutBytes(type, bytes);
    }

    internal void PutUInt32(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        PutBytes(type, bytes);
    }

    internal void PutInt32(ushort type, int value) => PutUInt32(type, (uint)value);

    /// <summary>UTF-8 with the terminating zero that the kernel's string attributes have.</summary>
    internal void PutString(ushort type, string value)
    {
        var length = 4 + Encoding.UTF8.GetByteCount(value) + 1;
        var attribute = Take(length);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute, (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute[2..], type);
        Encoding.UTF8.GetBytes(value, attribute[4..]);
    }

    internal void PutAddress(ushort type, IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length))
            throw new NetlinkFormatException($"{address} does not fit an attribute");
        PutBytes(type, bytes[..length]);
    }

    /// <summary>Opens a nested attribute; give the returned mark to <see cref="EndNested"/>.</summary>
    internal int BeginNested(ushort type)
    {
        var mark = _position;
        BinaryPrimitives.WriteUInt16LittleEndian(Take(4)[2..], type);
        return mark;
    }

    /// <summary>Opens a record that begins with its own u16 length (struct rtnexthop); closed by <see cref="EndNested"/>.</summary>
    internal int BeginRecord(int headerLength, out Span<byte> header)
    {
        var mark = _position;
        header = Take(headerLength);
        return mark;
    }

    internal readonly void EndNested(int mark) =>
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[mark..], (ushort)(_position - mark));

    internal static int Align(int length) => (length + 3) & ~3;
}
