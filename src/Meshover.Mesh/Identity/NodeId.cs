using System.Globalization;
using System.Net;

namespace Meshover.Mesh.Identity;

/// <summary>A node's number: 32 bits, given by the controller, never reused, never zero.</summary>
public readonly record struct NodeId(uint Value) : IComparable<NodeId>
{
    private const string LinkPrefix = "mo-";
    private const int LinkDigits = 8;

    /// <summary>The node's link-local address on every link, <c>fe80::&lt;id&gt;</c>; a prefix length of 64 goes with it.</summary>
    public IPAddress LinkLocal
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            bytes[0] = 0xfe;
            bytes[1] = 0x80;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], Value);
            return new IPAddress(bytes);
        }
    }

    /// <summary>The name of the link to this node: <c>mo-</c> and eight hexadecimal digits (11 of the 15 characters Linux allows).</summary>
    public string LinkName => string.Create(CultureInfo.InvariantCulture, $"{LinkPrefix}{Value:x8}");

    /// <summary>Whether a node could have its link by this name, whoever made what has it.</summary>
    public static bool IsLinkName(string name) =>
        name.Length == LinkPrefix.Length + LinkDigits
        && name.StartsWith(LinkPrefix, StringComparison.Ordinal)
        && uint.TryParse(name.AsSpan(LinkPrefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);

    /// <summary>Whose link has this name; null where it is no such name.</summary>
    public static NodeId? FromLinkName(string name) => IsLinkName(name)
        ? new NodeId(uint.Parse(name.AsSpan(LinkPrefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
        : null;

    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(NodeId left, NodeId right) => left.Value < right.Value;
    public static bool operator >(NodeId left, NodeId right) => left.Value > right.Value;
    public static bool operator <=(NodeId left, NodeId right) => left.Value <= right.Value;
    public static bool operator >=(NodeId left, NodeId right) => left.Value >= right.Value;
}
