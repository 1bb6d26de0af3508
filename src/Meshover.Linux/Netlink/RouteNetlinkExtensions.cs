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

    /// <summary>
    /// Whether the kernel can make links of that kind; it may load the module for the answer, and nothing else is changed.
    /// </summary>
    /// <returns>Null, or why not.</returns>
    public static NetlinkException? WhyNot(this IRouteNetlink netlink, LinkKind kind)
    {
        ArgumentNullException.ThrowIfNull(netlink);
        try
        {
            netlink.CreateLink(new LinkSpec { Name = kind.ToString().ToLowerInvariant(), Kind = kind, IsProbe = true });
            return null;
        }
        catch (NetlinkException error)
        {
            return error.ErrorNumber == Errno.Invalid ? null : error;
        }
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
