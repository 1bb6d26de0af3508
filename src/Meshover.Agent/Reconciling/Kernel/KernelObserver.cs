using System.Globalization;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Looks at the kernel: eight dumps and three small files. With 1,000 links and 6,000 routes of BGP (which are skipped by their fixed
/// header) that took 50-100 ms and 4 MB of garbage on two cores that were busy with much else, so it is done when something of interest
/// changed and once in a while, never per notification.
/// </summary>
internal sealed class KernelObserver(IRouteNetlink netlink, ISysctls sysctls, Firewall firewall)
{
    /// <param name="names">Ours.</param>
    /// <param name="wanted">Null: the firewall is not looked at, and nft need not be installed.</param>
    /// <exception cref="NetlinkException">A dump failed.</exception>
    internal async Task<KernelState> ObserveAsync(KernelNames names, FirewallDocument? wanted, CancellationToken cancellationToken) => new()
    {
        FirewallStands = wanted is not null && await StandsAsync(wanted, cancellationToken).ConfigureAwait(false),
        Links = netlink.GetLinks(),
        Addresses = netlink.GetAddresses(),
        MainRoutes = netlink.GetRoutes(new RouteFilter { Table = RouteInfo.MainTable, ExceptProtocols = [RouteProtocols.Bgp] }),
        MirrorRoutes = netlink.GetRoutes(new RouteFilter { Table = names.UnderlayTable }),
        Rules = netlink.GetRules(),
        Forwarding4 = sysctls.TryRead(SysctlDiff.Forwarding4),
        NeighbourLimits = NeighbourTables.Observe(sysctls),
        Forwarding6 = sysctls.TryRead(SysctlDiff.Forwarding6),
        RpFilterAll = int.TryParse(sysctls.TryRead("net.ipv4.conf.all.rp_filter"), CultureInfo.InvariantCulture, out var all) ? all : 0,
    };

    /// <summary>
    /// Where nft cannot be asked, addresses and routes must stand all the same. Setting the table is tried then, and says what is wrong.
    /// </summary>
    private async Task<bool> StandsAsync(FirewallDocument wanted, CancellationToken cancellationToken)
    {
        try
        {
            return await firewall.StandsAsync(wanted, cancellationToken).ConfigureAwait(false);
        }
        catch (NftException)
        {
            return false;
        }
    }
}
