using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Meshover.WireGuard.Io;

/// <summary>
/// The calls of libc on the packet's path, with plain descriptors and pointers: nothing is marshalled or allocated. Every one sets errno.
/// </summary>
internal static unsafe partial class Libc
{
    private const string Name = "libc";

    public const int Interrupted = 4;
    public const int InputOutputError = 5;
    public const int TryAgain = 11;
    public const int BadAddress = 14;
    public const int NoDevice = 19;
    public const int Invalid = 22;
    public const int MessageTooLong = 90;
    public const int NoProtocolFamily = 97;
    public const int AddressInUse = 98;
    public const int AddressNotAvailable = 99;
    public const int NetworkUnreachable = 101;
    public const int NoBufferSpace = 105;
    public const int HostUnreachable = 113;

    /// <summary>MSG_DONTWAIT.</summary>
    public const int DontWait = 0x40;

    /// <summary>The error of the last call on this thread; valid until the next.</summary>
    public static int Errno => Marshal.GetLastSystemError();

    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    [LibraryImport(Name, EntryPoint = "socket")]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport(Name, EntryPoint = "bind")]
    public static partial int Bind(SafeFileHandle socket, byte* address, uint length);

    [LibraryImport(Name, EntryPoint = "getsockname")]
    public static partial int GetSocketName(SafeFileHandle socket, byte* address, uint* length);

    [LibraryImport(Name, EntryPoint = "setsockopt")]
    public static partial int SetSocketOption(SafeFileHandle socket, int level, int option, void* value, uint length);

    [LibraryImport(Name, EntryPoint = "getsockopt")]
    public static partial int GetSocketOption(SafeFileHandle socket, int level, int option, void* value, uint* length);

    [LibraryImport(Name, EntryPoint = "sendmmsg")]
    public static partial int SendMessages(int socket, MultiMessageHeader* messages, uint count, int flags);

    [LibraryImport(Name, EntryPoint = "recvmmsg")]
    public static partial int ReceiveMessages(int socket, MultiMessageHeader* messages, uint count, int flags, void* timeout);

    [LibraryImport(Name, EntryPoint = "read")]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Name, EntryPoint = "write")]
    public static partial nint Write(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Name, EntryPoint = "write")]
    public static partial nint Write(SafeFileHandle descriptor, byte* buffer, nuint length);

    [LibraryImport(Name, EntryPoint = "writev")]
    public static partial nint WriteVector(int descriptor, IoVector* vectors, int count);

    [LibraryImport(Name, EntryPoint = "eventfd")]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport(Name, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Name, EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(SafeFileHandle epoll, int operation, int descriptor, byte* change);

    [LibraryImport(Name, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int count, int timeoutMs);
}

/// <summary><c>struct msghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary><c>struct mmsghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MultiMessageHeader
{
    public MessageHeader Header;

    /// <summary>Bytes sent or received.</summary>
    public uint Length;
}
