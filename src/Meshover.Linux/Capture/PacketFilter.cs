using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Meshover.Linux.Capture;

/// <summary>
/// Programs of the kernel's classic packet filter (Documentation/networking/filter.rst) for packets that begin with the header of IP, so that a busy
/// machine copies to us what is asked for and nothing else.
/// </summary>
public sealed class PacketFilter
{
    // linux/filter.h: class, size, mode, operation and source in one code.
    private const ushort LoadByte = 0x30, LoadHalf = 0x28, LoadWord = 0x20, LoadHalfIndexed = 0x48, LoadHeaderLength = 0xb1, And = 0x54;
    private const ushort JumpEqual = 0x15, JumpSet = 0x45, Return = 0x06;
    private const uint All = uint.MaxValue, None = 0;

    // SKF_AD_OFF + SKF_AD_HATYPE: what kind of interface it is (linux/if_arp.h).
    private const uint HardwareType = unchecked((uint)(-0x1000 + 28));
    private const uint TypeNone = 0xfffe, TypeGre = 778;
    private const uint Udp = 17, FragmentOffset = 0x1fff;

    private PacketFilter(params ImmutableArray<FilterStep> steps) => Steps = steps;

    internal ImmutableArray<FilterStep> Steps { get; }

    /// <summary>What passes TUN devices and GRE tunnels: all links of a mesh are such.</summary>
    public static PacketFilter OfTunnels() => new(
        new(LoadWord, HardwareType),
        new(JumpEqual, TypeNone, Then: 1),
        new(JumpEqual, TypeGre, Else: 1),
        new(Return, All),
        new(Return, None));

    /// <summary>UDP from or to a port of this machine's. Of a packet in fragments the first alone has ports.</summary>
    /// <param name="port">Ours.</param>
    /// <param name="other">The other end, address and port; null: any.</param>
    public static PacketFilter OfUdp(int port, IPEndPoint? other = null)
    {
        var isIPv6 = other?.AddressFamily == AddressFamily.InterNetworkV6;
        ImmutableArray<FilterStep> four = other is null || !isIPv6 ? Udp4((uint)port, other) : [new(Return, None)];
        ImmutableArray<FilterStep> six = other is null || isIPv6 ? Udp6((uint)port, other) : [new(Return, None)];
        return new(
        [
            new(LoadByte, 0), new(And, 0xf0), new(JumpEqual, 0x40, Else: (byte)four.Length), .. four,
            new(LoadByte, 0), new(And, 0xf0), new(JumpEqual, 0x60, Else: (byte)six.Length), .. six,
            new(Return, None),
        ]);
    }

    private static ImmutableArray<FilterStep> Udp4(uint port, IPEndPoint? other) => Joined(
    [
        Must(LoadByte, 9, Udp),
        [new(LoadHalf, 6), new(JumpSet, FragmentOffset, Else: 1), new(Return, None), new(LoadHeaderLength, 0)],
        other is null
            ? [new(LoadHalfIndexed, 0), new(JumpEqual, port, Then: 2), new(LoadHalfIndexed, 2), new(JumpEqual, port, Else: 1), new(Return, All), new(Return, None)]
            : Ends(LoadHalfIndexed, 0, (12, 16), port, other),
    ]);

    private static ImmutableArray<FilterStep> Udp6(uint port, IPEndPoint? other) => Joined(
    [
        Must(LoadByte, 6, Udp),
        other is null
            ? [new(LoadHalf, 40), new(JumpEqual, port, Then: 2), new(LoadHalf, 42), new(JumpEqual, port, Else: 1), new(Return, All), new(Return, None)]
            : Ends(LoadHalf, 40, (8, 24), port, other),
    ]);

    /// <summary>From there to here, or from here to there.</summary>
    private static FilterStep[] Ends(ushort load, uint ports, (uint Source, uint Destination) addresses, uint port, IPEndPoint other)
    {
        var coming = Way(load, addresses.Source, (ports, (uint)other.Port), (ports + 2, port), other.Address);
        return [.. coming, .. Way(load, addresses.Destination, (ports, port), (ports + 2, (uint)other.Port), other.Address), new(Return, None)];
    }

    /// <summary>All is equal, and the packet is taken; or what stands behind this goes on.</summary>
    private static List<FilterStep> Way(ushort load, uint at, (uint At, uint Value) first, (uint At, uint Value) second, IPAddress address)
    {
        var wanted = new List<(ushort Load, uint At, uint Value)> { (load, first.At, first.Value), (load, second.At, second.Value) };
        var bytes = address.GetAddressBytes();
        for (var word = 0; word < bytes.Length; word += sizeof(uint))
            wanted.Add((LoadWord, at + (uint)word, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(word))));
        var steps = new List<FilterStep>();
        for (var i = 0; i < wanted.Count; i++)
        {
            steps.Add(new(wanted[i].Load, wanted[i].At));
            steps.Add(new(JumpEqual, wanted[i].Value, Else: (byte)(((wanted.Count - 1 - i) * 2) + 1)));
        }
        steps.Add(new(Return, All));
        return steps;
    }

    private static FilterStep[] Must(ushort load, uint at, uint value) => [new(load, at), new(JumpEqual, value, Then: 1), new(Return, None)];

    private static ImmutableArray<FilterStep> Joined(IEnumerable<IEnumerable<FilterStep>> parts) => [.. parts.SelectMany(part => part)];
}

/// <summary>struct sock_filter (linux/filter.h).</summary>
/// <param name="Code">What it does.</param>
/// <param name="Then">How many steps are left out where a condition holds.</param>
/// <param name="Else">And where it does not.</param>
/// <param name="Value">Of the machine's own byte order.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FilterStep(ushort Code, byte Then, byte Else, uint Value)
{
    public FilterStep(ushort code, uint value, byte Then = 0, byte Else = 0) : this(code, Then, Else, value) { }
}
