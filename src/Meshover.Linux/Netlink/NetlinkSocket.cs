using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Netlink;

/// <summary>
/// An AF_NETLINK socket. It belongs for ever to the network namespace of the thread that opened it, whichever
/// thread uses it later.
/// </summary>
public sealed unsafe class NetlinkSocket : INetlinkTransport
{
    /// <summary>More than the largest datagram that the kernel makes for a dump (32 KiB).</summary>
    public const int ReceiveBufferSize = 65536;

    private const int FamilyNetlink = 16;
    private const int TypeRaw = 3;
    private const int CloseOnExec = 0x80000;
    internal const int ProtocolRoute = 0;
    internal const int ProtocolNetfilter = 12;
    internal const int ProtocolGeneric = 16;
    private const int LevelSocket = 1;
    private const int LevelNetlink = 270;
    private const int ReceiveTimeout = 20;
    private const int ReceiveBufferForce = 33;
    private const int AddMembership = 1;
    private const int CapAck = 10;
    private const int ExtendedAck = 11;
    private const int StrictChecking = 12;
    private const int MessageTruncated = 0x20;
    private const int DoNotWait = 0x40;

    // The kernel answers within the send call; this only turns a bug into an error instead of a hang.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    private readonly FileDescriptor _socket;

    /// <summary>Opens a socket for requests of rtnetlink.</summary>
    /// <exception cref="NetlinkException">The kernel gave none.</exception>
    public NetlinkSocket() : this(ProtocolRoute) { }

    /// <param name="protocol">NETLINK_* (linux/netlink.h).</param>
    internal NetlinkSocket(int protocol)
    {
        _socket = Libc.Socket(FamilyNetlink, TypeRaw | CloseOnExec, protocol);
        if (_socket.IsInvalid)
            throw new NetlinkException("open a netlink socket", "", Errno.Last);
        BindToKernelChosenPort();
        // All three are best effort: kernels before 4.20 know none of strict checking, and work without.
        TrySetOption(LevelNetlink, CapAck, 1);
        TrySetOption(LevelNetlink, ExtendedAck, 1);
        TrySetOption(LevelNetlink, StrictChecking, 1);
        SetReceiveTimeout(AnswerTimeout);
    }

    internal FileDescriptor Handle => _socket;

    public void Send(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* data = datagram)
        {
            while (Libc.Send(_socket, data, (nuint)datagram.Length, 0) < 0)
            {
                if (Errno.Last != Errno.Interrupted)
                    throw new NetlinkException("send a netlink request", "", Errno.Last);
            }
        }
    }

    public int Receive(Span<byte> buffer)
    {
        fixed (byte* data = buffer)
        {
            while (true)
            {
                var length = Libc.Receive(_socket, data, (nuint)buffer.Length, MessageTruncated);
                if (length >= 0)
                    return length <= buffer.Length ? (int)length : throw new NetlinkFormatException($"a datagram of {length} bytes was cut off at {buffer.Length}");
                if (Errno.Last != Errno.Interrupted)
                    throw new NetlinkException("receive from netlink", "", Errno.Last);
            }
        }
    }

    /// <summary>What is there already. False: nothing is.</summary>
    /// <exception cref="NetlinkException">The socket failed; ENOBUFS where notifications were lost.</exception>
    internal bool TryReceive(Span<byte> buffer, out int length)
    {
        fixed (byte* data = buffer)
        {
            length = (int)Libc.Receive(_socket, data, (nuint)buffer.Length, MessageTruncated | DoNotWait);
            if (length >= 0)
                return length <= buffer.Length ? true : throw new NetlinkFormatException($"a datagram of {length} bytes was cut off at {buffer.Length}");
        }

        return Errno.Last is Errno.TryAgain or Errno.Interrupted ? false : throw new NetlinkException("receive from netlink", "", Errno.Last);
    }

    /// <summary>Takes part in a notification group (RTNLGRP_*) from now on, with room for a burst and without a receive timeout.</summary>
    internal void Subscribe(ReadOnlySpan<int> groups, int receiveBufferBytes)
    {
        TrySetOption(LevelSocket, ReceiveBufferForce, receiveBufferBytes);
        SetReceiveTimeout(TimeSpan.Zero);
        foreach (var group in groups)
        {
            if (!TrySetOption(LevelNetlink, AddMembership, group))
                throw new NetlinkException("subscribe to netlink group", group.ToString(), Errno.Last);
        }
    }

    public void Dispose() => _socket.Dispose();

    // struct sockaddr_nl { sa_family_t family; u16 pad; u32 pid; u32 groups; }  (linux/netlink.h)
    private void BindToKernelChosenPort()
    {
        Span<byte> address = stackalloc byte[12];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, FamilyNetlink);
        fixed (byte* pointer = address)
        {
            if (Libc.Bind(_socket, pointer, (uint)address.Length) != 0)
                throw new NetlinkException("bind a netlink socket", "", Errno.Last);
        }
    }

    private bool TrySetOption(int level, int option, int value) =>
        Libc.SetSocketOption(_socket, level, option, &value, sizeof(int)) == 0;

    private void SetReceiveTimeout(TimeSpan timeout)
    {
        var value = new TimeValue { Seconds = (nint)timeout.TotalSeconds };
        _ = Libc.SetSocketOption(_socket, LevelSocket, ReceiveTimeout, &value, (uint)sizeof(TimeValue));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeValue
    {
        internal nint Seconds;
        internal nint Microseconds;
    }
}
