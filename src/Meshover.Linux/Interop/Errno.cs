using System.Runtime.InteropServices;

namespace Meshover.Linux.Interop;

/// <summary>The error numbers that we act on (asm-generic/errno.h), and their text.</summary>
internal static class Errno
{
    internal const int NotPermitted = 1;
    internal const int NoEntry = 2;
    internal const int NoSuchProcess = 3;
    internal const int Interrupted = 4;
    internal const int TryAgain = 11;
    internal const int Busy = 16;
    internal const int Exists = 17;
    internal const int NoDevice = 19;
    internal const int Invalid = 22;
    internal const int ReadOnlyFileSystem = 30;
    internal const int BadMessage = 74;
    internal const int NoProtocol = 93;
    internal const int NotSupported = 95;
    internal const int NoAddress = 99;
    internal const int NoBuffers = 105;

    internal static int Last => Marshal.GetLastPInvokeError();

    internal static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);
}
