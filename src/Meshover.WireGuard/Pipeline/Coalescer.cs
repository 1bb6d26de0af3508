using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Joins packets of one flow that arrive in a row into one large packet for the kernel, which then handles dozens at the price of one
/// (what the kernel's own GRO does for network cards). The pieces stay where they were decrypted: only a list of them is made.
/// Owned by one receive worker. Needs <see cref="VnetHeader.Size"/> bytes in front of each packet that it may overwrite.
/// </summary>
internal sealed unsafe class Coalescer : IDisposable
{
    // The IPv4 total length is 16 bits; a margin keeps the sum below it with the next segment added.
    private const int MaxLength = 65_535;

    // The kernel's UDP_MAX_SEGMENTS.
    private const int MaxUdpSegments = 64;

    private readonly IoVector* _pieces = (IoVector*)NativeMemory.AllocZeroed((nuint)(IoVector.MaxCount * sizeof(IoVector)));

    private FrameSink? _sink;
    private byte* _first;
    private int _count;
    private int _length;
    private int _segment;
    private uint _nextSequence;
    private bool _isClosed;
    private PacketShape _shape;
    private PacketShape _candidate;

    /// <summary>Takes a whole, valid IP packet for a device. Its bytes must stay where they are until <see cref="Flush"/>.</summary>
    public void Add(FrameSink sink, byte* packet, int length)
    {
        var mayJoin = (sink.TakesLargeTcp || sink.TakesLargeUdp) && PacketShape.TryRead(packet, length, out _candidate)
            && (_candidate.Protocol == IpHeader.ProtocolTcp ? sink.TakesLargeTcp : sink.TakesLargeUdp);
        if (_count > 0 && (!mayJoin || !ReferenceEquals(sink, _sink) || !TryJoin(packet)))
            Flush();
        else if (_count > 0)
            return;
        Start(sink, packet, length, mayJoin);
    }

    /// <summary>Writes what waits to its device.</summary>
    public void Flush()
    {
        if (_count == 0)
            return;
        *(VnetHeader*)(_first - VnetHeader.Size) = _count > 1 ? WriteHeaders() : default;
        _sink!.Write(_pieces, _count, VnetHeader.Size + _length);
        _count = 0;
    }

    public void Dispose() => NativeMemory.Free(_pieces);

    private void Start(FrameSink sink, byte* packet, int length, bool mayJoin)
    {
        _sink = sink;
        _first = packet;
        _length = length;
        _pieces[0] = new IoVector(packet - VnetHeader.Size, VnetHeader.Size + length);
        _count = 1;
        _isClosed = !mayJoin;
        if (!mayJoin)
            return;
        _shape = _candidate;
        _segment = _shape.Payload;
        if (_shape.Protocol == IpHeader.ProtocolTcp)
        {
            _isClosed = (_shape.TcpFlags & IpHeader.TcpPush) != 0;
            _nextSequence = IpHeader.Read32(packet + _shape.Transport + IpHeader.TcpSequence) + (uint)_segment;
        }
    }

    private bool TryJoin(byte* packet)
    {
        ref readonly var candidate = ref _candidate;
        if (_isClosed || candidate.Headers != _shape.Headers || candidate.Protocol != _shape.Protocol || candidate.Payload > _segment
            || _length + candidate.Payload > MaxLength || IpHeader.Version(packet) != IpHeader.Version(_first)
            || !PacketShape.IsSameFlow(_first, packet, candidate) || !IsCutAgainAsItIs(packet))
            return false;
        if (candidate.Protocol == IpHeader.ProtocolTcp && !TryFollow(packet, candidate))
            return false;
        _pieces[_count++] = new IoVector(packet + candidate.Headers, candidate.Payload);
        _length += candidate.Payload;
        // Only the last segment may be shorter, or carry PSH.
        _isClosed |= candidate.Payload < _segment
            || _count == (candidate.Protocol == IpHeader.ProtocolUdp ? MaxUdpSegments : IoVector.MaxCount);
        return true;
    }

    // The pieces of a joined packet count their identification on. One that may be fragmented must come out with its own, or fragments
    // of two packets would be put together; with DF it means nothing (RFC 6864).
    private bool IsCutAgainAsItIs(byte* packet) =>
        IpHeader.Version(packet) != 4 || (IpHeader.Read16(packet + IpHeader.V4Fragment) & IpHeader.V4DontFragment) != 0
        || IpHeader.Read16(packet + IpHeader.V4Identification) == (ushort)(IpHeader.Read16(_first + IpHeader.V4Identification) + _count);

    private bool TryFollow(byte* packet, in PacketShape candidate)
    {
        if (IpHeader.Read32(packet + candidate.Transport + IpHeader.TcpSequence) != _nextSequence)
            return false;
        _nextSequence += (uint)candidate.Payload;
        _first[_shape.Transport + IpHeader.TcpFlags] |= candidate.TcpFlags;
        _isClosed = (candidate.TcpFlags & IpHeader.TcpPush) != 0;
        return true;
    }

    private VnetHeader WriteHeaders()
    {
        var isV4 = IpHeader.Version(_first) == 4;
        var isTcp = _shape.Protocol == IpHeader.ProtocolTcp;
        var transport = _first + _shape.Transport;
        var checksumField = isTcp ? IpHeader.TcpChecksum : IpHeader.UdpChecksum;
        if (isV4)
        {
            IpHeader.Write16(_first + IpHeader.V4TotalLength, _length);
            Checksum.SetIpv4(_first);
        }
        else
        {
            IpHeader.Write16(_first + IpHeader.V6PayloadLength, _length - IpHeader.V6Length);
        }
        if (!isTcp)
            IpHeader.Write16(transport + IpHeader.UdpLengthField, _length - _shape.Transport);
        // NEEDS_CSUM: the field holds the pseudo header's sum, not its complement.
        *(ushort*)(transport + checksumField) =
            Checksum.Fold(Checksum.PseudoHeader(_first, _shape.Protocol, _length - _shape.Transport));
        return new VnetHeader
        {
            Flags = VnetHeader.NeedsChecksum,
            GsoType = isTcp ? (isV4 ? VnetHeader.GsoTcp4 : VnetHeader.GsoTcp6) : VnetHeader.GsoUdpL4,
            HeaderLength = (ushort)_shape.Headers,
            GsoSize = (ushort)_segment,
            ChecksumStart = (ushort)_shape.Transport,
            ChecksumOffset = (ushort)checksumField,
        };
    }
}
