using Meshover.Linux.Interop;

namespace Meshover.Linux.Namespaces;

/// <summary>A network namespace could not be made, entered or removed.</summary>
public sealed class NetworkNamespaceException(string operation, string target, int errno)
    : Exception($"{operation} {target}: {Errno.Describe(errno)}{(errno == Errno.NotPermitted ? " (root or CAP_SYS_ADMIN is needed)" : "")}")
{
    public string Operation { get; } = operation;

    public string Target { get; } = target;

    /// <summary>errno, positive.</summary>
    public int ErrorNumber { get; } = errno;
}
