using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary><c>struct iovec</c>: one piece of a message that is written at once.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector(byte* start, int length)
{
    public byte* Start = start;
    public nuint Length = (nuint)length;

    /// <summary>IOV_MAX: the most pieces of one call.</summary>
    public const int MaxCount = 1024;
}
