using Microsoft.Win32.SafeHandles;

namespace Meshover.WireGuard.Io;

/// <summary>Wakes a thread that waits in an <see cref="Epoll"/> (eventfd).</summary>
internal sealed unsafe class WakeSignal : IDisposable
{
    private const int NonBlockingCloseOnExec = 0x80800;

    private readonly SafeFileHandle _handle;

    public WakeSignal()
    {
        _handle = new SafeFileHandle(Libc.EventFd(0, NonBlockingCloseOnExec), ownsHandle: true);
        if (_handle.IsInvalid)
            throw new IoException("make an event descriptor", Libc.Errno);
    }

    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Any thread. Several before the other wakes are one.</summary>
    /// <exception cref="ObjectDisposedException">It is no more; nothing is written to who has its number by now.</exception>
    public void Set()
    {
        ulong one = 1;
        _ = Libc.Write(_handle, (byte*)&one, sizeof(ulong));
    }

    /// <summary>The waiting thread, once it has woken and before it looks at what there is to do.</summary>
    public void Reset()
    {
        ulong count;
        _ = Libc.Read(Descriptor, (byte*)&count, sizeof(ulong));
    }

    public void Dispose() => _handle.Dispose();
}
