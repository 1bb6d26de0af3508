using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Cuts one packet from a TUN device into the packets that go on the wire: TCP and UDP segmentation (TSO, USO), or the packet itself with
/// its checksum completed. Every one is whole and valid, since a peer may be any WireGuard.
/// <code>
/// var segmenter = new Segmenter(frame, length);
/// while (segmenter.NextLength > 0) segmenter.WriteNext(destination);
/// </code>
/// </summary>
/// <remarks>
/// The sum over the header's constant fields is made once; each segment then costs one pass over its payload, which copies and adds.
/// </remarks>
internal unsafe ref struct Segmenter
{
    // Headers longer than this do not exist: 60 bytes each of IPv4 and TCP; IPv6 extension headers are not segmented by the kernel with a
    // total beyond it.
    private const int MaxHeaders = 256;

    private readonly byte* _packet;
    private readonly int _length;
    private readonly int _transport;
    private readonly int _headers;
    private readonly int _payloadSize;
    private readonly bool _isV4;
    private readonly bool _isTcp;
    private readonly int _checksumField;
    private readonly ulong _transportSum;
    private readonly ulong _ipSum;
    private readonly ushort _identification;
    private readonly uint _sequence;
    private readonly byte _tcpFlags;
    private int _offset;
    private int _index;

    /// <summary>Length of the next packet; 0 when all are written, and from the start if the frame is malformed.</summary>
    public int NextLength { get; private set; }

    /// <param name="frame">A vnet header and the packet behind it, as read from the device.</param>
    /// <param name="length">Bytes of both.</param>
    public Segmenter(byte* frame, int length)
    {
        ref readonly var vnet = ref *(VnetHeader*)frame;
        _packet = frame + VnetHeader.Size;
        _length = length - VnetHeader.Size;
        if (_length < IpHeader.V4MinimumLength)
            return;
        var gso = vnet.GsoType & ~VnetHeader.GsoEcn;
        _transport = vnet.ChecksumStart;
        _checksumField = vnet.ChecksumStart + vnet.ChecksumOffset;
        if (gso == VnetHeader.GsoNone)
        {
            if ((vnet.Flags & VnetHeader.NeedsChecksum) == 0)
                _transport = 0;
            else if (_checksumField + sizeof(ushort) > _length)
                return;
            NextLength = _length;
            return;
        }
        if (gso is not (VnetHeader.GsoTcp4 or VnetHeader.GsoTcp6 or VnetHeader.GsoUdpL4))
            return;
        _isTcp = gso != VnetHeader.GsoUdpL4;
        _isV4 = IpHeader.Version(_packet) == 4;
        _payloadSize = vnet.GsoSize;
        _headers = HeaderLength();
        if (_headers == 0 || _payloadSize == 0)
            return;
        _offset = _headers;
        _identification = _isV4 ? IpHeader.Read16(_packet + IpHeader.V4Identification) : (ushort)0;
        _sequence = _isTcp ? IpHeader.Read32(_packet + _transport + IpHeader.TcpSequence) : 0;
        _tcpFlags = _isTcp ? _packet[_transport + IpHeader.TcpFlags] : (byte)0;
        _ipSum = _isV4 ? ConstantIpSum() : 0;
        _transportSum = ConstantTransportSum();
        NextLength = _headers + Math.Min(_payloadSize, _length - _headers);
    }

    /// <summary>Writes the next packet, of <see cref="NextLength"/> bytes.</summary>
    public void WriteNext(byte* destination)
    {
        if (_payloadSize == 0)
            WriteWhole(destination);
        else
            WriteSegment(destination);
    }

    private void WriteWhole(byte* destination)
    {
        if (_transport == 0)
        {
            Buffer.MemoryCopy(_packet, destination, _length, _length);
        }
        else
        {
            Buffer.MemoryCopy(_packet, destination, _transport, _transport);
            var sum = Checksum.CopyAndAdd(destination + _transport, _packet + _transport, _length - _transport, 0);
            // 0 in UDP means "no checksum": its other form, all ones, is right for every protocol.
            var checksum = (ushort)~Checksum.Fold(sum);
            *(ushort*)(destination + _checksumField) = checksum == 0 ? (ushort)0xffff : checksum;
        }
        NextLength = 0;
    }

    private void WriteSegment(byte* destination)
    {
        var payload = NextLength - _headers;
        Buffer.MemoryCopy(_packet, destination, _headers, _headers);
        WriteIpHeader(destination, NextLength);
        if (_isTcp)
            WriteTcp(destination, payload);
        else
            WriteUdp(destination, payload);
        _offset += payload;
        _index++;
        NextLength = _offset < _length ? _headers + Math.Min(_payloadSize, _length - _offset) : 0;
    }

    private readonly void WriteIpHeader(byte* ip, int total)
    {
        if (!_isV4)
        {
            IpHeader.Write16(ip + IpHeader.V6PayloadLength, total - IpHeader.V6Length);
            return;
        }
        IpHeader.Write16(ip + IpHeader.V4TotalLength, total);
        IpHeader.Write16(ip + IpHeader.V4Identification, _identification + _index);
        var sum = _ipSum + *(ushort*)(ip + IpHeader.V4TotalLength) + *(ushort*)(ip + IpHeader.V4Identification);
        *(ushort*)(ip + IpHeader.V4Checksum) = (ushort)~Checksum.Fold(sum);
    }

    private readonly void WriteTcp(byte* packet, int payload)
    {
        var tcp = packet + _transport;
        IpHeader.Write32(tcp + IpHeader.TcpSequence, _sequence + (uint)(_offset - _headers));
        var flags = _tcpFlags;
        if (_offset + payload < _length)
            flags &= unchecked((byte)~(IpHeader.TcpFin | IpHeader.TcpPush));
        if (_index > 0)
            flags &= unchecked((byte)~IpHeader.TcpCwr);
        tcp[IpHeader.TcpFlags] = flags;
        var sum = _transportSum + Checksum.Word(_headers - _transport + payload)
            + *(uint*)(tcp + IpHeader.TcpSequence) + ((ulong)flags << 8);
        sum = Checksum.CopyAndAdd(packet + _headers, _packet + _offset, payload, sum);
        *(ushort*)(tcp + IpHeader.TcpChecksum) = (ushort)~Checksum.Fold(sum);
    }

    private readonly void WriteUdp(byte* packet, int payload)
    {
        var udp = packet + _transport;
        IpHeader.Write16(udp + IpHeader.UdpLengthField, IpHeader.UdpLength + payload);
        // The length counts twice: in the pseudo header and in the header.
        var sum = _transportSum + 2 * Checksum.Word(IpHeader.UdpLength + payload);
        sum = Checksum.CopyAndAdd(packet + _headers, _packet + _offset, payload, sum);
        var checksum = (ushort)~Checksum.Fold(sum);
        *(ushort*)(udp + IpHeader.UdpChecksum) = checksum == 0 ? (ushort)0xffff : checksum;
    }

    // From the TCP header itself: the kernel's HeaderLength is a hint, and wrong for forwarded packets.
    private readonly int HeaderLength()
    {
        var minimum = _isTcp ? IpHeader.TcpMinimumLength : IpHeader.UdpLength;
        if (_transport < (_isV4 ? IpHeader.V4MinimumLength : IpHeader.V6Length) || _transport + minimum > _length)
            return 0;
        var length = _transport + (_isTcp ? IpHeader.TcpLength(_packet + _transport) : IpHeader.UdpLength);
        return length >= _transport + minimum && length < _length && length <= MaxHeaders ? length : 0;
    }

    private readonly ulong ConstantIpSum()
    {
        var sum = Checksum.Add(_packet, _transport);
        return Without(Without(Without(sum, IpHeader.V4TotalLength), IpHeader.V4Identification), IpHeader.V4Checksum);
    }

    private readonly ulong ConstantTransportSum()
    {
        var header = Checksum.Add(_packet + _transport, _headers - _transport);
        header += PseudoSum();
        if (!_isTcp)
            return Without(Without(header, _transport + IpHeader.UdpLengthField), _transport + IpHeader.UdpChecksum);
        header = Without(Without(header, _transport + IpHeader.TcpSequence), _transport + IpHeader.TcpSequence + sizeof(ushort));
        header = Without(header, _transport + IpHeader.TcpChecksum);
        return header + ((ulong)(ushort)~(_tcpFlags << 8));
    }

    // Of the addresses and the protocol. Behind an IPv6 routing header the final destination counts, which is not the one in the IP header
    // (RFC 8200, section 8.1): there the sum is what the kernel left in the field, without the length of the whole.
    private readonly ulong PseudoSum() => _isV4 || _transport == IpHeader.V6Length
        ? Checksum.PseudoHeader(_packet, _isTcp ? IpHeader.ProtocolTcp : IpHeader.ProtocolUdp, 0)
        : *(ushort*)(_packet + _transport + (_isTcp ? IpHeader.TcpChecksum : IpHeader.UdpChecksum))
            + (ulong)(ushort)~(ushort)Checksum.Word(_length - _transport);

    // Taking a word away is adding its complement.
    private readonly ulong Without(ulong sum, int field) => sum + (ushort)~*(ushort*)(_packet + field);
}
