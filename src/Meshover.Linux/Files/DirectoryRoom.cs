using Meshover.Linux.Interop;

namespace Meshover.Linux.Files;

/// <summary>Whether a directory could be written to, without writing: a probe of its own would wear out a memory card.</summary>
/// <param name="IsReadOnly">Its file system is mounted read-only.</param>
/// <param name="Free">Bytes that root may still write; null: that cannot be told.</param>
/// <param name="FreeFiles">Files that may still be made; null: that cannot be told, or the file system has no bound (btrfs).</param>
public readonly record struct DirectoryRoom(bool IsReadOnly, long? Free, long? FreeFiles = null)
{
    private const int WriteOk = 2; // W_OK, access(2)

    public static unsafe DirectoryRoom Of(string path)
    {
        var isReadOnly = Libc.Access(path, WriteOk) != 0 && Errno.Last == Errno.ReadOnlyFileSystem;
        var numbers = stackalloc ulong[Libc.FileSystemNumbers];
        if (Libc.FileSystemStatistics(path, numbers) != 0)
            return new DirectoryRoom(isReadOnly, Free: null);
        var (fragment, free, files, freeFiles) = (numbers[1], numbers[3], numbers[5], numbers[6]);
        return new DirectoryRoom(isReadOnly, (long)UInt128.Min((UInt128)free * fragment, (UInt128)long.MaxValue), files == 0 ? null : (long)Math.Min(freeFiles, long.MaxValue));
    }
}
