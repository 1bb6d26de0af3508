using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary>What a descriptor is ready for.</summary>
/// <param name="Events">EPOLL flags.</param>
/// <param name="Key">What was given to <see cref="Epoll.Add"/>.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EpollEvent(uint Events, uint Key)
{
    /// <summary>EPOLLIN.</summary>
    public const uint Readable = 1;

    /// <summary>EPOLLERR, which comes unasked: of a TUN device, that it was deleted.</summary>
    public const uint Error = 8;
}

/// <summary>
/// Where the members of <c>struct epoll_event</c> (linux/eventpoll.h) lie: u32 events, u64 data. The kernel packs it on x86-64, so that a
/// 32-bit program finds the same there, and nowhere else.
/// </summary>
/// <param name="Size">Bytes of one event.</param>
/// <param name="KeyOffset">Where the data begins.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EpollLayout(int Size, int KeyOffset)
{
    public static EpollLayout Own { get; } = For(RuntimeInformation.ProcessArchitecture);

    public static EpollLayout For(Architecture architecture) =>
        architecture == Architecture.X64 ? new EpollLayout(12, 4) : new EpollLayout(16, 8);

    public unsafe EpollEvent Read(byte* events, int index)
    {
        var start = events + (index * Size);
        return new EpollEvent(*(uint*)start, *(uint*)(start + KeyOffset));
    }

    public unsafe void Write(byte* start, EpollEvent value)
    {
        new Span<byte>(start, Size).Clear();
        *(uint*)start = value.Events;
        *(uint*)(start + KeyOffset) = value.Key;
    }
}
