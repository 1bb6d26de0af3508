using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Longest-prefix match from addresses to peers (WireGuard paper, section 2, "cryptokey routing"): a radix trie each for IPv4 and IPv6
/// whose chains without branches are left out. Built by one thread, then read by any: a changed table is a new trie.
/// </summary>
internal sealed class AllowedIpTrie<T>
    where T : class
{
    private const int None = -1;

    private readonly List<Node> _nodes = [];
    private int _root4 = None;
    private int _root6 = None;

    /// <summary>Maps a prefix; one mapped before goes over to the new value.</summary>
    public void Add(IPNetwork prefix, T value)
    {
        var isV4 = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        prefix.BaseAddress.TryWriteBytes(bytes, out _);
        var key = isV4 ? Key4(bytes) : Key6(bytes);
        ref var root = ref isV4 ? ref _root4 : ref _root6;
        root = Insert(root, key, prefix.PrefixLength, value);
    }

    /// <summary>The peer of an IPv4 address; the span has its 4 bytes.</summary>
    public T? Find4(ReadOnlySpan<byte> address) => Find(_root4, Key4(address));

    /// <summary>The peer of an IPv6 address; the span has its 16 bytes.</summary>
    public T? Find6(ReadOnlySpan<byte> address) => Find(_root6, Key6(address));

    // Keys are left-aligned in 128 bits, so that a prefix of n bits is the same thing in both families.
    private static UInt128 Key4(ReadOnlySpan<byte> address) =>
        new((ulong)BinaryPrimitives.ReadUInt32BigEndian(address) << 32, 0);

    private static UInt128 Key6(ReadOnlySpan<byte> address) =>
        BinaryPrimitives.ReadUInt128BigEndian(address);

    private T? Find(int index, UInt128 key)
    {
        T? best = null;
        var nodes = CollectionsMarshal.AsSpan(_nodes);
        while (index != None)
        {
            ref readonly var node = ref nodes[index];
            if (CommonLength(node.Key, key) < node.Length)
                break;
            best = node.Value ?? best;
            index = Bit(key, node.Length) ? node.One : node.Zero;
        }
        return best;
    }

    // Returns the index of the subtree's root, which is a new one if the prefix comes above it.
    private int Insert(int index, UInt128 key, int length, T value)
    {
        if (index == None)
            return NewNode(key, length, value);
        var node = _nodes[index];
        var common = Math.Min(CommonLength(node.Key, key), Math.Min(node.Length, length));
        if (common == node.Length && common == length)
        {
            _nodes[index] = node with { Value = value };
            return index;
        }
        if (common == node.Length)
        {
            var child = Insert(Bit(key, common) ? node.One : node.Zero, key, length, value);
            _nodes[index] = Bit(key, common) ? node with { One = child } : node with { Zero = child };
            return index;
        }
        var parent = NewNode(Mask(key, common), common, common == length ? value : null);
        var sibling = common == length ? None : NewNode(key, length, value);
        _nodes[parent] = Bit(node.Key, common)
            ? _nodes[parent] with { One = index, Zero = sibling }
            : _nodes[parent] with { Zero = index, One = sibling };
        return parent;
    }

    private int NewNode(UInt128 key, int length, T? value)
    {
        _nodes.Add(new Node(key, length, value, None, None));
        return _nodes.Count - 1;
    }

    private static int CommonLength(UInt128 a, UInt128 b) => (int)UInt128.LeadingZeroCount(a ^ b);

    private static bool Bit(UInt128 key, int position) => ((key >> (127 - position)) & 1) != 0;

    private static UInt128 Mask(UInt128 key, int length) => length == 0 ? 0 : key & (UInt128.MaxValue << (128 - length));

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Node(UInt128 Key, int Length, T? Value, int Zero, int One);
}
