using System.Buffers.Binary;

namespace Meshover.Linux.Netlink.Wire;

/// <summary>Walks the messages of one datagram (layout: <see cref="NetlinkWriter"/>). A cut-off message is a typed error.</summary>
internal ref struct NetlinkMessageReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    internal bool TryRead(out NetlinkMessage message)
    {
        message = default;
        if (_rest.IsEmpty)
            return false;
        if (_rest.Length < NetlinkWriter.HeaderLength)
            throw new NetlinkFormatException($"{_rest.Length} bytes where a message header of {NetlinkWriter.HeaderLength} belongs");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
        if (length < NetlinkWriter.HeaderLength || length > _rest.Length)
            throw new NetlinkFormatException($"a message says it has {length} bytes, of which {_rest.Length} are there");
        message = new NetlinkMessage(_rest[..(int)length]);
        _rest = _rest[Math.Min(NetlinkWriter.Align((int)length), _rest.Length)..];
        return true;
    }
}

/// <summary>One whole message.</summary>
internal readonly ref struct NetlinkMessage(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    internal ushort Type => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[4..]);

    internal MessageFlags Flags => (MessageFlags)BinaryPrimitives.ReadUInt16LittleEndian(_bytes[6..]);

    internal uint Sequence => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[8..]);

    /// <summary>The port that asked; 0 for a notification that nobody asked for.</summary>
    internal uint PortId => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[12..]);

    internal ReadOnlySpan<byte> Payload => _bytes[NetlinkWriter.HeaderLength..];

    /// <summary>The family's fixed header at the payload's begin.</summary>
    internal ReadOnlySpan<byte> Header(int length) =>
        Payload.Length >= length
            ? Payload[..length]
            : throw new NetlinkFormatException($"message type {Type}: {Payload.Length} bytes where a header of {length} belongs");

    /// <summary>The attributes after a fixed header of that length.</summary>
    internal AttributeReader Attributes(int headerLength)
    {
        _ = Header(headerLength);
        return new AttributeReader(Payload[Math.Min(NetlinkWriter.Align(headerLength), Payload.Length)..]);
    }
}
