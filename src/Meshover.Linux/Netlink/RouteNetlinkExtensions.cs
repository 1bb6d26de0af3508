using System.Net;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Netlink;

/// <summary>Common calls by name instead of index.</summary>
public static class RouteNetlinkExtensions
{
    /// <exception cref="NetlinkException">There is none (ENODEV).</exception>
    public static LinkInfo GetLink(this IRouteNetlink netlink, string name)
    {
        ArgumentNullException.ThrowIfNull(netlink);
        return netlink.FindLink(name) ?? throw new NetlinkException("find link", name, Errno.NoDevice);
    }

    public static void SetUp(this IRouteNetlink netlink, string name)
    {
        ArgumentNullException.ThrowIfNull(netlink);
        netlink.SetLink(name, new LinkChange { Up = true });
    }

    /// <param name="noDad">IPv6: usable at once, without duplicate address detection.</param>
    public static void ReplaceAddress(this IRouteNetlink netlink, string link, IPAddress address, int prefixLength, bool noDad = true)
    {
        ArgumentNullException.ThrowIfNull(netlink);
        netlink.ReplaceAddress(new AddressInfo
        {
            LinkIndex = netlink.GetLink(link).Index,
            Address = address,
            PrefixLength = prefixLength,
            Flags = noDad ? AddressFlags.NoDad : AddressFlags.None,
        });
    }
}
