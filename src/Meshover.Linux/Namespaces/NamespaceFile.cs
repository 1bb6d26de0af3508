using Meshover.Linux.Interop;

namespace Meshover.Linux.Namespaces;

/// <summary>An open namespace file: it keeps the namespace alive, and its number goes into netlink messages.</summary>
internal sealed class NamespaceFile : IDisposable
{
    private const int CloseOnExec = 0x80000;

    private NamespaceFile(FileDescriptor descriptor) => Descriptor = descriptor;

    internal FileDescriptor Descriptor { get; }

    /// <summary>Valid while this is not disposed.</summary>
    internal int Number => (int)Descriptor.DangerousGetHandle();

    /// <exception cref="NetworkNamespaceException">There is none.</exception>
    internal static NamespaceFile Open(string path)
    {
        var descriptor = Libc.Open(path, CloseOnExec, 0);
        if (descriptor.IsInvalid)
            throw new NetworkNamespaceException("open network namespace", path, Errno.Last);
        return new NamespaceFile(descriptor);
    }

    internal static NamespaceFile? OpenOrNull(string? path) => path is null ? null : Open(path);

    public void Dispose() => Descriptor.Dispose();
}
