using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Meshover.Linux.Netlink.Wire;

/// <summary>Walks attributes (layout: <see cref="NetlinkWriter"/>). A cut-off attribute is a typed error.</summary>
internal ref struct AttributeReader(ReadOnlySpan<byte> attributes)
{
    private ReadOnlySpan<byte> _rest = attributes;

    internal bool TryRead(out NetlinkAttribute attribute)
    {
        attribute = default;
        if (_rest.IsEmpty)
            return false;
        if (_rest.Length < 4)
            throw new NetlinkFormatException($"{_rest.Length} bytes where an attribute header belongs");
        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < 4 || length > _rest.Length)
            throw new NetlinkFormatException($"an attribute says it has {length} bytes, of which {_rest.Length} are there");
        var type = BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]);
        attribute = new NetlinkAttribute((ushort)(type & NetlinkAttribute.TypeMask), _rest[4..length]);
        _rest = _rest[Math.Min(NetlinkWriter.Align(length), _rest.Length)..];
        return true;
    }
}

/// <summary>One attribute; reading it as a type of another length is a typed error.</summary>
internal readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
{
    /// <summary>Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.</summary>
    internal const ushort TypeMask = 0x3fff;

    internal ushort Type { get; } = type;

    internal ReadOnlySpan<byte> Value { get; } = value;

    internal AttributeReader Nested => new(Value);

    internal byte AsByte() => Exactly(1)[0];

    internal ushort AsUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Exactly(2));

    internal uint AsUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Exactly(4));

    internal ulong AsUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Exactly(8));

    internal int AsInt32() => BinaryPrimitives.ReadInt32LittleEndian(Exactly(4));

    /// <summary>UTF-8 up to the first zero.</summary>
    internal string AsString()
    {
        var end = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
    }

    internal IPAddress AsAddress() => Value.Length is 4 or 16 ? new IPAddress(Value) : throw WrongLength("4 or 16");

    /// <summary>The value of a structure that has that many bytes.</summary>
    internal ReadOnlySpan<byte> Exactly(int length) => Value.Length == length ? Value : throw WrongLength(length.ToString());

    private NetlinkFormatException WrongLength(string expected) =>
        new($"attribute {Type} has {Value.Length} bytes instead of {expected}");
}
