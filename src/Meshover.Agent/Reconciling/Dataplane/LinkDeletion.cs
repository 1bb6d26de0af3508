using Meshover.Linux.Netlink;

namespace Meshover.Agent.Reconciling.Dataplane;

internal static class LinkDeletion
{
    /// <summary>Deletes a link that somebody else may be deleting at this moment.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    internal static void DeleteIfThere(this IRouteNetlink netlink, string link)
    {
        try
        {
            netlink.DeleteLink(link);
        }
        catch (NetlinkException e) when (e.IsNotFound)
        {
        }
    }
}
