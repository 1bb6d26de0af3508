using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>
/// What an UPDATE says of prefixes of the two unicast families (RFC 4271 section 4.3, RFC 4760). Of its attributes only the communities are looked at that
/// forbid to pass it on: where the packets go is the machine's business, not that of a next hop.
/// </summary>
internal sealed record BgpUpdate
{
    private const byte CommunitiesType = 8;
    private const byte ReachType = 14;
    private const byte UnreachType = 15;
    private const byte ExtendedLength = 0x10;

    /// <summary>The body of the UPDATE that ends what is told of IPv4.</summary>
    public static byte[] EndOfIPv4 { get; } = [0, 0, 0, 0];

    /// <summary>As <see cref="EndOfIPv4"/>: an MP_UNREACH_NLRI without prefixes.</summary>
    public static byte[] EndOfIPv6 { get; } = [0, 0, 0, 6, 0x80, UnreachType, 3, 0, BgpFamily.IPv6, BgpFamily.Unicast];

    public List<IPNetwork> Withdrawn { get; } = [];
    public List<IPNetwork> Announced { get; } = [];

    /// <summary>By NO_EXPORT, NO_ADVERTISE or NO_EXPORT_SUBCONFED (RFC 1997) nobody else may be told of what is announced.</summary>
    public bool IsPrivate { get; private set; }

    /// <summary>The family of which all is told now (End-of-RIB, RFC 4724 section 2); null: none.</summary>
    public AddressFamily? EndOf { get; private set; }

    /// <exception cref="BgpException">It is malformed.</exception>
    public static BgpUpdate Read(ReadOnlySpan<byte> body)
    {
        var update = new BgpUpdate();
        var rest = body;
        var withdrawn = Field(ref rest);
        var attributes = Field(ref rest);
        ReadPrefixes(withdrawn, isIPv6: false, update.Withdrawn);
        update.ReadAttributes(attributes);
        ReadPrefixes(rest, isIPv6: false, update.Announced);
        if (update.Announced.Count + update.Withdrawn.Count > 0)
            update.EndOf = null;
        else if (attributes.IsEmpty)
            update.EndOf = AddressFamily.InterNetwork;
        return update;
    }

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 2 || rest.Length - 2 < BinaryPrimitives.ReadUInt16BigEndian(rest))
            throw BgpException.Update(1, "the lengths in its UPDATE disagree");
        var field = rest.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(rest));
        rest = rest[(2 + field.Length)..];
        return field;
    }

    private void ReadAttributes(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            var head = (rest[0] & ExtendedLength) != 0 ? 4 : 3;
            if (rest.Length < head)
                throw BgpException.Update(1, "its UPDATE ends within an attribute");
            int length = head == 4 ? BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) : rest[2];
            if (rest.Length < head + length)
                throw BgpException.Update(1, "its UPDATE ends within an attribute");
            Attribute(rest[1], rest.Slice(head, length));
            rest = rest[(head + length)..];
        }
    }

    private void Attribute(byte type, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case CommunitiesType:
                IsPrivate |= value.Length % 4 != 0; // malformed: who knows what it forbids (RFC 7606 section 7.8)
                for (; value.Length >= 4; value = value[4..])
                    IsPrivate |= BinaryPrimitives.ReadUInt32BigEndian(value) is 0xffffff01 or 0xffffff02 or 0xffffff03;
                break;
            case ReachType:
                ReadReach(value);
                break;
            case UnreachType:
                ReadUnreach(value);
                break;
        }
    }

    // Family, prefixes. Without any it is the end of what is told.
    private void ReadUnreach(ReadOnlySpan<byte> value)
    {
        if (value.Length < 3)
            throw BgpException.Update(9, "its MP_UNREACH_NLRI is too short");
        if (BgpFamily.Of(value) is not { } family)
            return;
        EndOf = family;
        ReadPrefixes(value[3..], family == AddressFamily.InterNetworkV6, Withdrawn);
    }

    // Family (2 and 1 bytes), length of the next hop (1), that, a reserved byte, prefixes.
    private void ReadReach(ReadOnlySpan<byte> value)
    {
        if (value.Length < 5 || value.Length < 5 + value[3])
            throw BgpException.Update(9, "its MP_REACH_NLRI is too short");
        if (BgpFamily.Of(value) is { } family)
            ReadPrefixes(value[(5 + value[3])..], family == AddressFamily.InterNetworkV6, Announced);
    }

    // Each has a length in bits, and as many bytes as that needs; what the last one has beyond means nothing.
    private static void ReadPrefixes(ReadOnlySpan<byte> rest, bool isIPv6, List<IPNetwork> into)
    {
        Span<byte> address = stackalloc byte[isIPv6 ? 16 : 4];
        while (!rest.IsEmpty)
        {
            int bits = rest[0];
            var bytes = (bits + 7) / 8;
            if (bits > address.Length * 8 || rest.Length < 1 + bytes)
                throw BgpException.Update(10, "its UPDATE has a prefix that is none");
            address.Clear();
            rest.Slice(1, bytes).CopyTo(address);
            if (bits % 8 != 0)
                address[bytes - 1] &= (byte)(0xff << (8 - (bits % 8)));
            into.Add(new IPNetwork(new IPAddress(address), bits));
            rest = rest[(1 + bytes)..];
        }
    }
}
