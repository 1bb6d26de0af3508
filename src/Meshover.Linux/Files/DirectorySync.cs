using Meshover.Linux.Interop;

namespace Meshover.Linux.Files;

/// <summary>Has on the disk which files a directory holds, under which names. .NET cannot: it opens no directory.</summary>
public static class DirectorySync
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC

    /// <summary>fsync(2) of the directory itself: a renaming, a new file or a deleted one is then there after a power cut, too.</summary>
    /// <exception cref="IOException">It is not there, may not be read, or the disk failed.</exception>
    public static void Flush(string directory)
    {
        // The dot has the kernel refuse a file; O_DIRECTORY has another value on each processor.
        using var descriptor = Libc.Open(Path.Combine(directory, "."), ReadOnlyCloseOnExec, 0);
        if (descriptor.IsInvalid)
            throw Failure("open", directory, Errno.Last);
        // EINVAL: a file system that has nothing to write for a directory.
        if (Libc.Sync(descriptor) != 0 && Errno.Last is not Errno.Invalid and var errno)
            throw Failure("sync", directory, errno);
    }

    private static IOException Failure(string operation, string directory, int errno) => new($"{operation} {directory}: {Errno.Describe(errno)}");
}
