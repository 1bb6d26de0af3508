using Meshover.Linux.Interop;

namespace Meshover.Linux.Files;

/// <summary>Whether a directory could be written to, without writing: a probe of its own would wear out a memory card.</summary>
/// <param name="IsReadOnly">Its file system is mounted read-only.</param>
/// <param name="Free">Bytes that root may still write; null: that cannot be told.</param>
public readonly record struct DirectoryRoom(bool IsReadOnly, long? Free)
{
    private const int WriteOk = 2; // W_OK, access(2)

    public static DirectoryRoom Of(string path) => new(
        Libc.Access(path, WriteOk) != 0 && Errno.Last == Errno.ReadOnlyFileSystem, FreeIn(path));

    private static long? FreeIn(string path)
    {
        try
        {
            return new DriveInfo(path).TotalFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
