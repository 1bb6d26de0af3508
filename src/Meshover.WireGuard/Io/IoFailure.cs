using Meshover.Linux.Netlink;
using Meshover.Linux.Tun;

namespace Meshover.WireGuard.Io;

/// <summary>Which exceptions mean that the system refused something; outside this room nobody knows the kernel's types.</summary>
internal static class IoFailure
{
    public static bool Is(Exception exception) => exception is IoException or TunException or NetlinkException;
}
