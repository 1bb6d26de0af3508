using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Meshover.Linux.Capture;

/// <summary>
/// Writes packets as pcapng, the format that Wireshark and tcpdump read (draft-ietf-opsawg-pcapng):
/// <code>
/// block   type 4, length 4, body, length 4          each body a multiple of four bytes
/// option  code 2, length 2, value                   padded to four bytes; ended by code 0
/// </code>
/// All packets have the header that <see cref="PacketSocket"/> writes (LINKTYPE_LINUX_SLL): libpcap reads files of several interfaces only where all are of one
/// type, and of LINKTYPE_RAW it thinks that they are not. An interface is described where its first packet is. Little endian.
/// </summary>
/// <param name="output">Is flushed only by <see cref="Flush"/>.</param>
/// <param name="snapLength">The most bytes of a packet that are kept, its header among them.</param>
public sealed class PcapngWriter(Stream output, int snapLength)
{
    private const uint SectionHeader = 0x0a0d0d0a, InterfaceDescription = 1, EnhancedPacket = 6, ByteOrder = 0x1a2b3c4d;
    private const ushort LinkType = 113;
    private const ushort UserApplication = 4, InterfaceName = 2, TimeResolution = 9, PacketFlags = 2;
    private const byte Nanoseconds = 9;
    private const int BlockOverhead = 12;

    private readonly Dictionary<string, uint> _interfaces = new(StringComparer.Ordinal);

    /// <summary>Comes before any packet.</summary>
    /// <param name="program">Who writes it.</param>
    public void Begin(string program)
    {
        var body = new BlockBody();
        body.UInt32(ByteOrder);
        body.UInt16(1); // major version
        body.UInt16(0);
        body.UInt64(ulong.MaxValue); // the section's length is not known
        body.Option(UserApplication, Encoding.UTF8.GetBytes(program));
        body.EndOfOptions();
        Write(SectionHeader, body);
    }

    /// <param name="packet">Its first bytes, behind its header.</param>
    /// <param name="length">Of the whole packet, with that.</param>
    /// <param name="nanoseconds">Since 1970.</param>
    /// <param name="interfaceName">Where it was seen.</param>
    /// <param name="isOutgoing">This machine sent it.</param>
    public void Packet(ReadOnlySpan<byte> packet, int length, long nanoseconds, string interfaceName, bool isOutgoing)
    {
        packet = packet[..Math.Min(packet.Length, snapLength)];
        var body = new BlockBody();
        body.UInt32(Interface(interfaceName));
        body.UInt32((uint)(nanoseconds >> 32));
        body.UInt32((uint)nanoseconds);
        body.UInt32((uint)packet.Length);
        body.UInt32((uint)length);
        body.Padded(packet);
        Span<byte> flags = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(flags, isOutgoing ? 2u : 1u);
        body.Option(PacketFlags, flags);
        body.EndOfOptions();
        Write(EnhancedPacket, body);
    }

    public void Flush() => output.Flush();

    private uint Interface(string name)
    {
        if (_interfaces.TryGetValue(name, out var known))
            return known;
        var body = new BlockBody();
        body.UInt16(LinkType);
        body.UInt16(0);
        body.UInt32((uint)snapLength);
        body.Option(InterfaceName, Encoding.UTF8.GetBytes(name));
        body.Option(TimeResolution, [Nanoseconds]);
        body.EndOfOptions();
        Write(InterfaceDescription, body);
        return _interfaces[name] = (uint)_interfaces.Count;
    }

    private void Write(uint type, BlockBody body)
    {
        Span<byte> word = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(word, type);
        output.Write(word);
        BinaryPrimitives.WriteUInt32LittleEndian(word, (uint)(body.Bytes.Length + BlockOverhead));
        output.Write(word);
        output.Write(body.Bytes);
        output.Write(word);
    }

    /// <summary>What a block holds.</summary>
    private sealed class BlockBody
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

        public void UInt16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(sizeof(ushort)), value);
            _bytes.Advance(sizeof(ushort));
        }

        public void UInt32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), value);
            _bytes.Advance(sizeof(uint));
        }

        public void UInt64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), value);
            _bytes.Advance(sizeof(ulong));
        }

        public void Padded(ReadOnlySpan<byte> value)
        {
            _bytes.Write(value);
            var padding = -value.Length & 3;
            _bytes.GetSpan(padding + 1)[..padding].Clear();
            _bytes.Advance(padding);
        }

        public void Option(ushort code, ReadOnlySpan<byte> value)
        {
            UInt16(code);
            UInt16((ushort)value.Length);
            Padded(value);
        }

        public void EndOfOptions() => UInt32(0);
    }
}
