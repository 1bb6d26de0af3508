using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Meshover.WireGuard.Io;

/// <summary>
/// Waits until one of several descriptors is readable (level-triggered). Any thread adds and removes; one waits.
/// </summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int OperationAdd = 1;
    private const int OperationDelete = 2;
    private const int MaxEvents = 64;

    private readonly SafeFileHandle _handle;
    private readonly int _descriptor;
    private readonly byte* _raw = (byte*)NativeMemory.AllocZeroed((nuint)(MaxEvents * EpollLayout.Own.Size));
    private readonly EpollEvent[] _events = new EpollEvent[MaxEvents];

    public Epoll()
    {
        _handle = new SafeFileHandle(Libc.EpollCreate(CloseOnExec), ownsHandle: true);
        if (_handle.IsInvalid)
            throw new IoException("make an epoll descriptor", Libc.Errno);
        _descriptor = (int)_handle.DangerousGetHandle();
    }

    public void Add(int descriptor, uint key)
    {
        var change = stackalloc byte[EpollLayout.Own.Size];
        EpollLayout.Own.Write(change, new EpollEvent(EpollEvent.Readable, key));
        if (Libc.EpollControl(_handle, OperationAdd, descriptor, change) != 0)
            throw new IoException($"watch descriptor {descriptor}", Libc.Errno);
    }

    /// <summary>Before the descriptor is closed. An event of it may still be on its way to the waiting thread.</summary>
    public void Remove(int descriptor)
    {
        var unused = stackalloc byte[EpollLayout.Own.Size];
        _ = Libc.EpollControl(_handle, OperationDelete, descriptor, unused);
    }

    /// <summary>Blocks until something is readable. The keys of what is; valid until the next call.</summary>
    public ReadOnlySpan<EpollEvent> Wait(int timeoutMs = -1)
    {
        var count = Math.Max(Libc.EpollWait(_descriptor, _raw, MaxEvents, timeoutMs), 0);
        for (var i = 0; i < count; i++)
            _events[i] = EpollLayout.Own.Read(_raw, i);
        return _events.AsSpan(0, count);
    }

    public void Dispose()
    {
        _handle.Dispose();
        NativeMemory.Free(_raw);
    }
}
