using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Meshover.WireGuard.Io;

/// <summary>
/// Hears the answers to echo requests (RFC 792) that went out another way than by this socket. Needs CAP_NET_RAW.
/// <code>
/// IPv4 header (20): …, be16 total length at 2, source at 12, destination at 16
/// ICMP: u8 type, u8 code, be16 checksum, be16 identifier, be16 sequence, data
/// </code>
/// </summary>
internal sealed class EchoSocket : IDisposable
{
    private const int IpHeader = 20;
    private const int EchoHeader = 8;
    private const byte PlainHeader = 0x45; // version 4, without options
    private const int IdentifierOffset = 4;
    private const byte EchoReply = 0, EchoRequest = 8;

    // ICMP_FILTER: a bit for each type that is not wanted.
    private const int LevelRaw = 255, Filter = 1;
    private const int OnlyEchoReplies = ~(1 << EchoReply);

    private const int LevelSocket = 1, AttachFilter = 26;
    private const ushort LoadByte = 0x30, LoadHalf = 0x28, JumpIfEqual = 0x15, Return = 0x06;

    private readonly byte[] _buffer = new byte[65_536];
    private readonly ushort _identifier;
    private readonly Socket _socket;

    /// <param name="identifier">Of the answers that are wanted.</param>
    /// <exception cref="IoException">No permission.</exception>
    public EchoSocket(ushort identifier)
    {
        _identifier = identifier;
        try
        {
            _socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp) { Blocking = false };
            _socket.SetRawSocketOption(LevelRaw, Filter, BitConverter.GetBytes(OnlyEchoReplies));
            Attach(
            [
                new(LoadByte, 0),
                new(JumpIfEqual, PlainHeader, IfFalse: 3),
                new(LoadHalf, IpHeader + IdentifierOffset),
                new(JumpIfEqual, identifier, IfFalse: 1),
                new(Return, uint.MaxValue),
                new(Return, 0),
            ]);
        }
        catch (SocketException e)
        {
            throw new IoException("open a socket for echo replies (CAP_NET_RAW)", e.ErrorCode);
        }
    }

    /// <summary>A whole echo request, of so many bytes.</summary>
    public static byte[] Request(IPAddress from, IPAddress to, ushort identifier, int length)
    {
        var packet = new byte[length];
        packet[0] = PlainHeader;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)length);
        packet[8] = 64; // time to live
        packet[9] = (byte)ProtocolType.Icmp;
        from.TryWriteBytes(packet.AsSpan(12), out _);
        to.TryWriteBytes(packet.AsSpan(16), out _);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), Checksum(packet.AsSpan(0, IpHeader)));
        var echo = packet.AsSpan(IpHeader);
        echo[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(echo[4..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(echo[2..], Checksum(echo));
        return packet;
    }

    /// <summary>
    /// The next answer: from whom, and how long; false if there is none now. Anybody may send what looks like one, so there is an end to
    /// looking: a flood of them must not hold whoever looks.
    /// </summary>
    /// <param name="left">How many may be looked at, counted down.</param>
    public bool TryReceive(ref int left, out IPAddress from, out int length)
    {
        (from, length) = (IPAddress.None, 0);
        while (left > 0 && _socket.Available > 0)
        {
            left--;
            length = _socket.Receive(_buffer, SocketFlags.None, out var error);
            if (error != SocketError.Success)
                return false;
            // Some may have come before the filter was there.
            var isOurs = length >= IpHeader + EchoHeader && _buffer[0] == PlainHeader
                && BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(IpHeader + IdentifierOffset)) == _identifier;
            if (!isOurs)
                continue;
            from = new IPAddress(_buffer.AsSpan(12, 4));
            return true;
        }
        return false;
    }

    public void Dispose() => _socket.Dispose();

    // A classic BPF program (linux/filter.h), which sees the packet from its IP header on: every echo reply that the machine gets would come
    // here.
    private unsafe void Attach(ReadOnlySpan<BpfInstruction> instructions)
    {
        fixed (BpfInstruction* first = instructions)
        {
            var program = new BpfProgram { Length = (ushort)instructions.Length, Instructions = first };
            _socket.SetRawSocketOption(LevelSocket, AttachFilter, new ReadOnlySpan<byte>(&program, sizeof(BpfProgram)));
        }
    }

    // RFC 1071
    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += (uint)(bytes[i] << 8) + (i + 1 < bytes.Length ? bytes[i + 1] : 0u);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }
}
