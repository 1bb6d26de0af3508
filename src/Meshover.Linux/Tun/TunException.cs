using Meshover.Linux.Interop;

namespace Meshover.Linux.Tun;

/// <summary>A TUN device could not be made, attached or set.</summary>
public sealed class TunException(string operation, string device, int errno)
    : Exception($"{operation} {device}: {Errno.Describe(errno)}{Hint(errno)}")
{
    public string Operation { get; } = operation;

    public string Device { get; } = device;

    /// <summary>errno, positive.</summary>
    public int ErrorNumber { get; } = errno;

    private static string Hint(int errno) => errno switch
    {
        Errno.NotPermitted => " (root or CAP_NET_ADMIN is needed)",
        Errno.NoEntry or Errno.NoDevice => " (is /dev/net/tun there? a container needs that device)",
        Errno.Busy => " (another process holds it)",
        _ => "",
    };
}
