using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Cli.Down;

/// <summary>
/// Deletes the data plane's devices: the kernel's, and those of an engine that is not there to do it, for they are persistent. Only
/// devices of our names and kinds are touched.
/// </summary>
internal static class LinkRemover
{
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

    private static bool IsOurs(LinkInfo link) => link.Name != KernelNames.Default.Loopback && KernelNames.Default.IsOurs(link.Name, link.Kind);
}
