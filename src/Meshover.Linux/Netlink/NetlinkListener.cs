using Meshover.Linux.Interop;

namespace Meshover.Linux.Netlink;

/// <summary>A socket that only hears notifications, and whose blocked receive ends when it is disposed.</summary>
internal sealed unsafe class NetlinkListener : INetlinkTransport
{
    private const int EventFdFlags = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK

    private readonly NetlinkSocket _socket;
    private readonly FileDescriptor _stop;
    private readonly Lock _gate = new();
    private bool _receiving;
    private bool _disposed;

    private NetlinkListener(NetlinkSocket socket, FileDescriptor stop)
    {
        _socket = socket;
        _stop = stop;
    }

    internal static NetlinkListener Open(RouteMonitorOptions options)
    {
        var stop = Libc.EventFd(0, EventFdFlags);
        if (stop.IsInvalid)
            throw new NetlinkException("make an eventfd", "", Errno.Last);
        var socket = new NetlinkSocket();
        try
        {
            socket.Subscribe(GroupsOf(options), options.ReceiveBufferBytes);
            return new NetlinkListener(socket, stop);
        }
        catch
        {
            socket.Dispose();
            stop.Dispose();
            throw;
        }
    }

    public void Send(ReadOnlySpan<byte> datagram) => _socket.Send(datagram);

    public int Receive(Span<byte> buffer)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _receiving = true;
        }

        try
        {
            WaitForData();
            return _socket.Receive(buffer);
        }
        finally
        {
            lock (_gate)
            {
                _receiving = false;
                CloseIfDoneLocked();
            }
        }
    }

    /// <summary>Wakes the reader; the descriptors are closed when it has left, so that a number given out anew is never polled.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            ulong one = 1;
            _ = Libc.Write(_stop, (byte*)&one, sizeof(ulong));
            CloseIfDoneLocked();
        }
    }

    private void CloseIfDoneLocked()
    {
        if (!_disposed || _receiving)
            return;
        _socket.Dispose();
        _stop.Dispose();
    }

    private void WaitForData()
    {
        var descriptors = stackalloc PollDescriptor[2];
        descriptors[0] = new PollDescriptor { Descriptor = (int)_socket.Handle.DangerousGetHandle(), Events = PollDescriptor.Readable };
        descriptors[1] = new PollDescriptor { Descriptor = (int)_stop.DangerousGetHandle(), Events = PollDescriptor.Readable };
        while (descriptors[0].Returned == 0)
        {
            _ = Libc.Poll(descriptors, 2, -1);
            ObjectDisposedException.ThrowIf(descriptors[1].Returned != 0, this);
        }
    }

    // RTNLGRP_* (linux/rtnetlink.h).
    internal static int[] GroupsOf(RouteMonitorOptions options)
    {
        const int link = 1, neighbour = 3, address4 = 5, route4 = 7, rule4 = 8, address6 = 9, route6 = 11, settings6 = 12, rule6 = 19;
        return
        [
            .. options.Links ? [link, settings6] : Array.Empty<int>(),
            .. options.Addresses ? [address4, address6] : Array.Empty<int>(),
            .. options.Routes ? [route4, route6] : Array.Empty<int>(),
            .. options.Rules ? [rule4, rule6] : Array.Empty<int>(),
            .. options.Neighbours ? [neighbour] : Array.Empty<int>(),
        ];
    }
}
