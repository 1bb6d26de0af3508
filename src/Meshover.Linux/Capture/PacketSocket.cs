using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Capture;

/// <summary>
/// A packet socket (packet(7)) that sees copies of what passes interfaces of the network namespace of the thread that opened it, whatever they are. In the
/// place of the link's own header each packet has one of 16 bytes, as LINKTYPE_LINUX_SLL wants it (tcpdump.org/linktypes), in network order:
/// <code>
/// packet type 2, kind of interface (ARPHRD_*) 2, length of address 2, address 8, EtherType 2
/// </code>
/// Once it is open it needs no rights.
/// </summary>
public sealed unsafe class PacketSocket : IDisposable
{
    /// <summary>Bytes before the header of IP.</summary>
    public const int HeaderLength = 16;

    private const int FamilyPacket = 17, TypeDatagram = 2, CloseOnExec = 0x80000;
    private const ushort AllProtocols = 3; // ETH_P_ALL
    private const int LevelSocket = 1, ReceiveBufferForce = 33, AttachFilter = 26;
    private const int LevelPacket = 263, Statistics = 6;
    private const int MessageTruncated = 0x20, DoNotWait = 0x40;
    private const nuint LastTimestamp = 0x8907; // SIOCGSTAMPNS
    private const int BufferLength = 8 << 20;
    private const byte Outgoing = 4; // PACKET_OUTGOING

    private readonly FileDescriptor _socket;

    /// <param name="filter">What is seen.</param>
    /// <param name="interfaceIndex">Of one interface alone; 0: of all.</param>
    /// <exception cref="CaptureException">The kernel refuses: no right to it (CAP_NET_RAW), or no such interface.</exception>
    public PacketSocket(PacketFilter filter, int interfaceIndex)
    {
        // Without a protocol it sees nothing until the filter is in place.
        _socket = Libc.Socket(FamilyPacket, TypeDatagram | CloseOnExec, 0);
        if (_socket.IsInvalid)
            throw new CaptureException("open a packet socket", Errno.Last);
        try
        {
            Attach(filter);
            SetBuffer();
            Bind(interfaceIndex);
        }
        catch (CaptureException)
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>The next packet's beginning; null: there was none within that time.</summary>
    /// <param name="buffer">Takes it, with its header.</param>
    /// <param name="patience">Whole milliseconds.</param>
    /// <exception cref="CaptureException">The interface is gone, or down.</exception>
    public SeenPacket? Receive(Span<byte> buffer, TimeSpan patience)
    {
        var poll = new PollDescriptor { Descriptor = (int)_socket.DangerousGetHandle(), Events = PollDescriptor.Readable };
        if (Libc.Poll(&poll, 1, (int)patience.TotalMilliseconds) <= 0)
            return null;
        LinkLayerAddress from = default;
        var length = (uint)sizeof(LinkLayerAddress);
        nint received;
        fixed (byte* data = buffer[HeaderLength..])
            received = Libc.ReceiveFrom(_socket, data, (nuint)(buffer.Length - HeaderLength), MessageTruncated | DoNotWait, &from, &length);
        if (received < 0)
            return Errno.Last is Errno.TryAgain or Errno.Interrupted ? null : throw new CaptureException("read from the packet socket", Errno.Last);
        WriteHeader(buffer, from);
        return new SeenPacket(Math.Min((int)received + HeaderLength, buffer.Length), (int)received + HeaderLength, Timestamp(), from.InterfaceIndex, from.PacketType == Outgoing);
    }

    private static void WriteHeader(Span<byte> header, in LinkLayerAddress from)
    {
        BinaryPrimitives.WriteUInt16BigEndian(header, from.PacketType);
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], from.HardwareType);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], from.AddressLength);
        MemoryMarshal.Write(header[6..], from.Address); // as the kernel has it
        MemoryMarshal.Write(header[14..], from.Protocol); // in network order already
    }

    /// <summary>How many packets were lost since this was asked last, because they were not read quickly enough.</summary>
    public int TakeDrops()
    {
        var statistics = stackalloc uint[2]; // struct tpacket_stats: tp_packets, tp_drops
        var length = 2u * sizeof(uint);
        return Libc.GetSocketOption(_socket, LevelPacket, Statistics, statistics, &length) == 0 ? (int)statistics[1] : 0;
    }

    public void Dispose() => _socket.Dispose();

    private void Attach(PacketFilter filter)
    {
        fixed (FilterStep* steps = filter.Steps.AsSpan())
        {
            var program = new FilterProgram { Length = (ushort)filter.Steps.Length, Steps = steps };
            if (Libc.SetSocketOption(_socket, LevelSocket, AttachFilter, &program, (uint)sizeof(FilterProgram)) != 0)
                throw new CaptureException("set the filter of a packet socket", Errno.Last);
        }
    }

    /// <summary>Best effort: with the usual one more is lost.</summary>
    private void SetBuffer()
    {
        var length = BufferLength;
        _ = Libc.SetSocketOption(_socket, LevelSocket, ReceiveBufferForce, &length, sizeof(int));
    }

    private void Bind(int interfaceIndex)
    {
        var address = new LinkLayerAddress { Family = FamilyPacket, Protocol = BinaryPrimitives.ReverseEndianness(AllProtocols), InterfaceIndex = interfaceIndex };
        if (Libc.Bind(_socket, (byte*)&address, (uint)sizeof(LinkLayerAddress)) != 0)
            throw new CaptureException("listen at the interface", Errno.Last);
    }

    /// <summary>When the kernel had the packet, in nanoseconds since 1970.</summary>
    private long Timestamp()
    {
        var time = stackalloc long[2]; // struct timespec of 64-bit Linux
        return Libc.IoControl(_socket, LastTimestamp, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
    }

    /// <summary>struct sockaddr_ll (linux/if_packet.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkLayerAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int InterfaceIndex;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public ulong Address;
    }

    /// <summary>struct sock_fprog (linux/filter.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public FilterStep* Steps;
    }
}

/// <param name="Kept">Bytes in the buffer, with the header.</param>
/// <param name="Length">Of the whole packet with its header, in bytes.</param>
/// <param name="Nanoseconds">Since 1970.</param>
/// <param name="InterfaceIndex">Where it was seen.</param>
/// <param name="IsOutgoing">This machine sent it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SeenPacket(int Kept, int Length, long Nanoseconds, int InterfaceIndex, bool IsOutgoing);

/// <summary>The kernel refused a packet socket something.</summary>
public sealed class CaptureException : Exception
{
    internal CaptureException(string operation, int errno) : base($"Cannot {operation}: {Errno.Describe(errno)}.") => IsNotPermitted = errno == Errno.NotPermitted;

    /// <summary>The right to it is missing.</summary>
    public bool IsNotPermitted { get; }
}
