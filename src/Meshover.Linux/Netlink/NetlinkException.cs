using Meshover.Linux.Interop;

namespace Meshover.Linux.Netlink;

/// <summary>The kernel refused a request, or a netlink socket failed.</summary>
public class NetlinkException : Exception
{
    /// <param name="operation">What was tried, such as <c>replace route</c>.</param>
    /// <param name="target">What it was tried on; empty where there is none.</param>
    /// <param name="errno">The positive error number.</param>
    /// <param name="kernelMessage">The text of the kernel's extended acknowledgement, or null.</param>
    public NetlinkException(string operation, string target, int errno, string? kernelMessage = null)
        : base(Format(operation, target, errno, kernelMessage))
    {
        Operation = operation;
        Target = target;
        ErrorNumber = errno;
        KernelMessage = kernelMessage;
    }

    public string Operation { get; }

    public string Target { get; }

    /// <summary>errno, positive.</summary>
    public int ErrorNumber { get; }

    /// <summary>What the kernel said beside the number (NLMSGERR_ATTR_MSG), or null.</summary>
    public string? KernelMessage { get; }

    /// <summary>The thing to delete or change is not there (ENOENT, ESRCH, ENODEV, EADDRNOTAVAIL).</summary>
    public bool IsNotFound => ErrorNumber is Errno.NoEntry or Errno.NoSuchProcess or Errno.NoDevice or Errno.NoAddress;

    /// <summary>EEXIST.</summary>
    public bool IsAlreadyThere => ErrorNumber == Errno.Exists;

    /// <summary>The kernel lacks this kind of thing (EOPNOTSUPP).</summary>
    public bool IsNotSupported => ErrorNumber == Errno.NotSupported;

    /// <summary>The kernel has no such subsystem at all (EINVAL, EPROTONOSUPPORT, EOPNOTSUPP), as far as an error tells.</summary>
    public bool IsAbsent => ErrorNumber is Errno.Invalid or Errno.NoProtocol or Errno.NotSupported;

    private static string Format(string operation, string target, int errno, string? kernelMessage)
    {
        var what = target.Length == 0 ? operation : $"{operation} {target}";
        var hint = errno == Errno.NotPermitted ? " (root or CAP_NET_ADMIN is needed)" : "";
        return kernelMessage is null
            ? $"{what}: {Errno.Describe(errno)}{hint}"
            : $"{what}: {Errno.Describe(errno)}: {kernelMessage}{hint}";
    }
}

/// <summary>A netlink message does not have the layout that its type promises.</summary>
public sealed class NetlinkFormatException(string problem)
    : NetlinkException("read a netlink message", "", Errno.BadMessage, problem);
