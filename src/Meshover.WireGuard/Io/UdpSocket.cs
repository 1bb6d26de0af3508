using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Meshover.WireGuard.Io;

/// <summary>One UDP socket of one address family, not bound to an address, so that the underlay may change under it.</summary>
internal sealed unsafe class UdpSocket : IDisposable
{
    private const int Inet = 2;
    private const int Inet6 = 10;
    private const int DatagramCloseOnExec = 2 | 0x80000;
    private const int LevelSocket = 1, ReusePort = 15, SendTimeout = 21, Mark = 36, AttachReusePortFilter = 51, MemoryInfo = 55;
    private const int SendBuffer = 7, ReceiveBuffer = 8, SendBufferForce = 32, ReceiveBufferForce = 33;
    private const int LevelIp = 0, PacketInfo = 8, MtuDiscover = 10, ReceiveTos = 13;
    private const int LevelIp6 = 41, MtuDiscover6 = 23, OnlyV6 = 26, ReceivePacketInfo6 = 49, DoNotFragment6 = 62, ReceiveTrafficClass6 = 66;
    private const int LevelUdp = 17, UdpSegment = 103, UdpGro = 104;
    private const int DiscoverNever = 0, DiscoverByProbing = 3;

    // Bursts of a whole window at 10 Gbit/s fit while the receive worker is away for some milliseconds.
    private const int BufferBytes = 8 << 20;

    // A stuck device must not hold the send worker, which serves all peers; what is not taken in this time is lost.
    private const long SendTimeoutMicroseconds = 50_000;

    // What is sent to a peer datagram by datagram is handshakes: AF41, as Linux marks them, so that a full queue does not lose a session.
    private const int HandshakeClass = 0x88;

    private readonly SafeFileHandle _handle;

    private UdpSocket(SafeFileHandle handle, bool isV6)
    {
        _handle = handle;
        Descriptor = (int)handle.DangerousGetHandle();
        IsV6 = isV6;
    }

    public int Descriptor { get; }

    public bool IsV6 { get; }

    /// <summary>The kernel hands over what it received of one flow at once (UDP_GRO).</summary>
    public bool ReceivesLarge { get; private set; }

    /// <summary>One call sends many datagrams of one size (UDP_SEGMENT).</summary>
    public bool SendsLarge { get; private set; }

    /// <summary>Opens and binds to the port of every address. Null if the machine does not speak this family.</summary>
    /// <param name="isV6">The family.</param>
    /// <param name="port">0: any that is free.</param>
    /// <param name="mark">Firewall mark; 0 for none.</param>
    /// <param name="offloads">Use what the kernel has of them.</param>
    /// <param name="shares">Join the sockets on that port that <see cref="Share"/> it.</param>
    /// <exception cref="IoException">The port is in use, or the mark needs CAP_NET_ADMIN.</exception>
    public static UdpSocket? TryOpen(bool isV6, int port, uint mark, OffloadKinds offloads, bool shares = false)
    {
        var descriptor = Libc.Socket(isV6 ? Inet6 : Inet, DatagramCloseOnExec, 0);
        if (descriptor < 0 && Libc.Errno == Libc.NoProtocolFamily)
            return null;
        var socket = new UdpSocket(new SafeFileHandle(descriptor, ownsHandle: true), isV6);
        if (descriptor >= 0 && socket.TryPrepare(port, mark, offloads, shares))
            return socket;
        var errno = Libc.Errno;
        var operation = descriptor < 0 ? "open a UDP socket" : $"use UDP port {port}";
        socket.Dispose();
        return errno == Libc.AddressNotAvailable ? null : throw new IoException(operation, errno);
    }

    /// <summary>The port it is bound to.</summary>
    public int ReadPort()
    {
        var address = stackalloc byte[UdpAddress.MaxLength];
        uint length = UdpAddress.MaxLength;
        return Libc.GetSocketName(_handle, address, &length) == 0
            ? BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2))
            : throw new IoException("read a socket's port", Libc.Errno);
    }

    /// <summary>Lets other sockets join this one on its port (SO_REUSEPORT): together they are a group.</summary>
    public void Share()
    {
        if (!TrySet(LevelSocket, ReusePort, 1))
            throw new IoException("share a UDP port", Libc.Errno);
    }

    /// <summary>Says which socket of the group a datagram goes to: the program returns its number.</summary>
    public void Steer(ReadOnlySpan<BpfInstruction> instructions)
    {
        fixed (BpfInstruction* first = instructions)
        {
            var program = new BpfProgram { Length = (ushort)instructions.Length, Instructions = first };
            if (Libc.SetSocketOption(_handle, LevelSocket, AttachReusePortFilter, &program, (uint)sizeof(BpfProgram)) != 0)
                throw new IoException("steer UDP packets to their workers (SO_ATTACH_REUSEPORT_CBPF)", Libc.Errno);
        }
    }

    /// <summary>Sends one datagram; any thread. If there is no way from the pinned address any more, as the routes will have it.</summary>
    public bool TrySend(UdpAddress to, byte* data, int length)
    {
        var control = stackalloc byte[UdpControl.MaxLength];
        var controlLength = to.WriteSource(control);
        controlLength += UdpControl.WriteTrafficClass(control + controlLength, !IsV6, HandshakeClass);
        var sent = TrySend(to.Pointer, control, controlLength, data, length);
        GC.KeepAlive(to);
        return sent || (to.Unpin(Libc.Errno) && TrySend(to, data, length));
    }

    /// <summary>
    /// Sends one datagram back to where one came from, from where it came to (<see cref="UdpAddress.RawLength"/>). Any thread. Those are
    /// cookies, for somebody who may be nobody: Linux does not mark them either.
    /// </summary>
    public bool TryAnswer(byte* raw, byte* data, int length)
    {
        var control = stackalloc byte[UdpControl.MaxLength];
        return TrySend(raw, control, UdpAddress.WriteSource(raw, control), data, length);
    }

    /// <summary>
    /// Whether what is sent from now on may be fragmented. If not, it carries DF, whatever the kernel believes of the way's MTU.
    /// </summary>
    public void SetFragmenting(bool isAllowed)
    {
        TrySet(IsV6 ? LevelIp6 : LevelIp, IsV6 ? MtuDiscover6 : MtuDiscover, isAllowed ? DiscoverNever : DiscoverByProbing);
        if (IsV6)
            TrySet(LevelIp6, DoNotFragment6, isAllowed ? 0 : 1);
    }

    /// <summary>Datagrams that it had no room for: SK_MEMINFO_DROPS (linux/sock_diag.h), the last of nine numbers.</summary>
    public uint ReadDrops()
    {
        const int Drops = 8;
        var values = stackalloc uint[Drops + 1];
        uint length = (Drops + 1) * sizeof(uint);
        return Libc.GetSocketOption(_handle, LevelSocket, MemoryInfo, values, &length) == 0 && length > Drops * sizeof(uint) ? values[Drops] : 0;
    }

    public void SetMark(uint mark)
    {
        if (!TrySet(LevelSocket, Mark, (int)mark))
            throw new IoException($"set firewall mark 0x{mark:x}", Libc.Errno);
    }

    public void Dispose() => _handle.Dispose();

    private bool TrySend(byte* name, byte* control, int controlLength, byte* data, int length)
    {
        var vector = new IoVector(data, length);
        var message = new MultiMessageHeader
        {
            Header = new MessageHeader
            {
                Name = name,
                NameLength = (uint)(IsV6 ? UdpAddress.MaxLength : UdpAddress.Length4),
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = (nuint)controlLength,
            },
        };
        return Libc.SendMessages(Descriptor, &message, 1, 0) == 1;
    }

    private bool TryPrepare(int port, uint mark, OffloadKinds offloads, bool shares)
    {
        if (IsV6)
            TrySet(LevelIp6, OnlyV6, 1);
        // To which of our addresses packets come: answers leave from there.
        TrySet(IsV6 ? LevelIp6 : LevelIp, IsV6 ? ReceivePacketInfo6 : PacketInfo, 1);
        // Whether a router marked them (Ecn).
        TrySet(IsV6 ? LevelIp6 : LevelIp, IsV6 ? ReceiveTrafficClass6 : ReceiveTos, 1);
        // No DF: where the underlay is narrow, it fragments.
        SetFragmenting(true);
        SetBuffers();
        ReceivesLarge = offloads.HasFlag(OffloadKinds.UdpReceive) && TrySet(LevelUdp, UdpGro, 1);
        SendsLarge = offloads.HasFlag(OffloadKinds.UdpSend) && TrySet(LevelUdp, UdpSegment, 0);
        return (mark == 0 || TrySet(LevelSocket, Mark, (int)mark)) && (!shares || TrySet(LevelSocket, ReusePort, 1)) && TryBind(port);
    }

    private void SetBuffers()
    {
        // Forcing needs CAP_NET_ADMIN; without it the machine's limit applies.
        if (!TrySet(LevelSocket, SendBufferForce, BufferBytes))
            TrySet(LevelSocket, SendBuffer, BufferBytes);
        if (!TrySet(LevelSocket, ReceiveBufferForce, BufferBytes))
            TrySet(LevelSocket, ReceiveBuffer, BufferBytes);
        var timeout = stackalloc long[2] { 0, SendTimeoutMicroseconds };
        _ = Libc.SetSocketOption(_handle, LevelSocket, SendTimeout, timeout, 2 * sizeof(long));
    }

    private bool TryBind(int port)
    {
        var address = stackalloc byte[UdpAddress.MaxLength];
        new Span<byte>(address, UdpAddress.MaxLength).Clear();
        *(ushort*)address = IsV6 ? (ushort)Inet6 : (ushort)Inet;
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)port);
        return Libc.Bind(_handle, address, IsV6 ? (uint)UdpAddress.MaxLength : UdpAddress.Length4) == 0;
    }

    private bool TrySet(int level, int option, int value) =>
        Libc.SetSocketOption(_handle, level, option, &value, sizeof(int)) == 0;
}
