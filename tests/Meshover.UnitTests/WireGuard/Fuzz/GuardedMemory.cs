using System.Runtime.InteropServices;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>
/// Memory between two pages that nobody may touch: whoever reads or writes a byte too far ends the process, here and now.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int Page = 4096;
    private const int ReadWrite = 3, NoAccess = 0;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _map;
    private readonly int _length;

    public GuardedMemory(int capacity)
    {
        _length = (capacity + Page - 1) / Page * Page;
        _map = Map(0, (nuint)(_length + (2 * Page)), NoAccess, PrivateAnonymous, -1, 0);
        if ((nint)_map == -1 || Protect(_map + Page, (nuint)_length, ReadWrite) != 0)
            throw new InvalidOperationException($"no guarded memory: error {Marshal.GetLastSystemError()}");
    }

    /// <summary>Room for so many bytes, the last of which lies right before the forbidden page.</summary>
    public byte* AtEnd(int length) => _map + Page + _length - length;

    /// <summary>Puts bytes right before the forbidden page.</summary>
    public byte* AtEnd(ReadOnlySpan<byte> bytes)
    {
        var start = AtEnd(bytes.Length);
        bytes.CopyTo(new Span<byte>(start, bytes.Length));
        return start;
    }

    public void Dispose() => Unmap(_map, (nuint)(_length + (2 * Page)));

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(byte* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(byte* address, nuint length);
}
