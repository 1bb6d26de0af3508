using System.Globalization;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Looks at the kernel: eight dumps and three small files. With 1,000 links and 6,000 routes of BGP (which are skipped by their header and
/// link) that took 50-100 ms and 4 MB of garbage on two cores that were busy with much else, so it is done when something of interest
/// changed and once in a while, never per notification.
/// </summary>
internal sealed class KernelObserver(IRouteNetlink netlink, ISysctls sysctls, Firewall firewall, RouteBook? book = null)
{
    /// <param name="names">Ours.</param>
    /// <param name="wanted">Null: there should be none of ours.</param>
    /// <param name="peers">Addresses on the underlay that packets go to.</param>
    /// <exception cref="NetlinkException">A dump failed.</exception>
    internal async Task<KernelState> ObserveAsync(
        KernelNames names, FirewallDocument? wanted, CancellationToken cancellationToken, IReadOnlyCollection<IPAddress>? peers = null)
    {
        var stands = await StandsAsync(wanted, cancellationToken).ConfigureAwait(false);
        var links = netlink.GetLinks();
        var rules = netlink.GetRules();
        var ours = UnderlayMirror.OwnLinks(links, names);
        var (main, mirror) = book?.Look(names, ours, peers ?? []) ?? LookAtAll(names, ours);
        return Observe(names, links, rules) with { FirewallStands = stands, MainRoutes = main, MirrorRoutes = mirror };
    }

    private (IReadOnlyList<RouteInfo> Main, IReadOnlyList<RouteInfo> Mirror) LookAtAll(KernelNames names, HashSet<int> ours) => (
        netlink.GetRoutes(new RouteFilter { Table = RouteInfo.MainTable, ExceptProtocols = [RouteProtocols.Bgp], ExceptByLinks = ours }),
        netlink.GetRoutes(new RouteFilter { Table = names.UnderlayTable }));

    private KernelState Observe(KernelNames names, IReadOnlyList<LinkInfo> links, IReadOnlyList<RuleInfo> rules) => new()
    {
        FirewallStands = false,
        Links = links,
        Addresses = netlink.GetAddresses(),
        MainRoutes = [],
        MirrorRoutes = [],
        OtherRoutes = [.. UnderlayRules.OtherTables(rules, names).SelectMany(table => netlink.GetRoutes(new RouteFilter { Table = table }))],
        Rules = rules,
        Forwarding4 = sysctls.TryRead(SysctlDiff.Forwarding4),
        NeighbourLimits = NeighbourTables.Observe(sysctls),
        Forwarding6 = sysctls.TryRead(SysctlDiff.Forwarding6),
        RpFilterAll = int.TryParse(sysctls.TryRead("net.ipv4.conf.all.rp_filter"), CultureInfo.InvariantCulture, out var all) ? all : 0,
    };

    /// <summary>
    /// Where nft cannot be asked, addresses and routes must stand all the same. Setting the table is tried then, and says what is wrong.
    /// </summary>
    private async Task<bool> StandsAsync(FirewallDocument? wanted, CancellationToken cancellationToken)
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
