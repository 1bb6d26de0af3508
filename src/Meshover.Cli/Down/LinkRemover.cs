using System.Globalization;
using Meshover.Linux.Netlink;

namespace Meshover.Cli.Down;

/// <summary>
/// Deletes the data plane's devices: the kernel's, and those of an engine that is not there to do it, for they are persistent. Only
/// devices of our names and kinds are touched.
/// </summary>
internal static class LinkRemover
{
    private const string WireGuardDevice = "meshover0";
    private const string LinkPrefix = "mo-";
    private const int LinkNameLength = 11;

    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static void RemoveAll(IRouteNetlink netlink)
    {
        foreach (var link in netlink.GetLinks().Where(IsOurs))
        {
            try
            {
                netlink.DeleteLink(link.Name);
            }
            catch (NetlinkException e) when (e.IsNotFound)
            {
                // The engine, ending at this very moment, was quicker.
            }
        }
    }

    internal static bool IsOurs(LinkInfo link) =>
        (link.Kind is "tun" or "wireguard" && link.Name == WireGuardDevice) || (link.Kind is "tun" or "gre" && IsLinkName(link.Name));

    /// <summary>"mo-" and a node id of eight hexadecimal digits.</summary>
    internal static bool IsLinkName(string name) =>
        name.Length == LinkNameLength
        && name.StartsWith(LinkPrefix, StringComparison.Ordinal)
        && uint.TryParse(name.AsSpan(LinkPrefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
}
