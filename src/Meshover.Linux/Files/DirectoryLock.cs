using Meshover.Linux.Interop;

namespace Meshover.Linux.Files;

/// <summary>
/// An exclusive lock on a directory (flock(2)): it leaves no file behind, and the kernel drops it with the process, however that ends.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int ExclusiveAtOnce = 2 | 4; // LOCK_EX | LOCK_NB

    private readonly FileDescriptor _descriptor;

    private DirectoryLock(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Null where another has it.</summary>
    /// <exception cref="IOException">The directory is not there or may not be read.</exception>
    public static DirectoryLock? TryTake(string directory)
    {
        var descriptor = Libc.Open(Path.Combine(directory, "."), ReadOnlyCloseOnExec, 0);
        if (descriptor.IsInvalid)
            throw Failure("open", directory, Errno.Last);
        if (Libc.Lock(descriptor, ExclusiveAtOnce) == 0)
            return new DirectoryLock(descriptor);
        var errno = Errno.Last;
        descriptor.Dispose();
        return errno == Errno.TryAgain ? null : throw Failure("lock", directory, errno);
    }

    public void Dispose() => _descriptor.Dispose();

    private static IOException Failure(string operation, string directory, int errno) => new($"{operation} {directory}: {Errno.Describe(errno)}");
}
