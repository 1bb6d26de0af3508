using System.Globalization;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>The sysctls that packets of the mesh need; see <see cref="KernelDiff"/> for the order.</summary>
internal static class SysctlDiff
{
    internal const string Forwarding4 = "net.ipv4.conf.all.forwarding";
    internal const string Forwarding6 = "net.ipv6.conf.all.forwarding";

    private const int Strict = 1;
    private const int Loose = 2;

    /// <summary>Accept router advertisements even while forwarding.</summary>
    private const int AcceptRaAlways = 2;

    /// <summary>Of our links. Packets may come by another link than answers take, and nobody there tells us routes.</summary>
    internal static readonly LinkIpv4Change OwnLink4 = new(RpFilter: Loose, AcceptRedirects: 0);

    internal static IEnumerable<KernelChange> Compute(KernelState state, NodePlan plan, IReadOnlyList<RouteInfo> mirror)
    {
        var byIndex = state.Links.ToDictionary(link => link.Index);
        return
        [
            .. plan.Kernel.Forwarding ? AcceptRa(state, byIndex) : [],
            .. plan.Kernel.Forwarding ? Forwarding(state) : [],
            .. UnderlayRpFilter(state, plan, mirror, byIndex),
            .. OurLinks(state, plan),
            .. NeighbourTables.Compute(state.NeighbourLimits, plan.Links.Length),
        ];
    }

    private static IEnumerable<KernelChange> AcceptRa(KernelState state, Dictionary<int, LinkInfo> links) =>
        state.MainRoutes
            .Where(route => route is { Protocol: RouteProtocols.RouterAdvertisement, IsIPv6: true, Destination.PrefixLength: 0 })
            .SelectMany(UnderlayMirror.LinksOf)
            .Distinct()
            .Select(links.GetValueOrDefault)
            .Where(link => link?.Ipv6 is { AcceptRa: not AcceptRaAlways })
            .Select(link => Write("ipv6", link!, "accept_ra", AcceptRaAlways));

    private static IEnumerable<KernelChange> Forwarding(KernelState state)
    {
        if (state.Forwarding4 is not (null or "1"))
            yield return new WriteSysctl(Forwarding4, "1");
        if (state.Forwarding6 is not (null or "1"))
            yield return new WriteSysctl(Forwarding6, "1");
    }

    // Where strict holds now (the larger of "all" and the interface's own counts), on the interfaces of a default route or of a way to a peer.
    private static IEnumerable<KernelChange> UnderlayRpFilter(
        KernelState state, NodePlan plan, IReadOnlyList<RouteInfo> mirror, Dictionary<int, LinkInfo> links)
    {
        var defaults = mirror.Where(route => !route.IsIPv6 && route.Destination.PrefixLength == 0).SelectMany(UnderlayMirror.LinksOf);
        var mirror4 = mirror.Where(route => !route.IsIPv6).ToList();
        var peers = plan.WireGuard.Peers
            .SelectMany(peer => peer.Endpoints)
            .Select(endpoint => endpoint.EndPoint.Address)
            .Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            .Distinct()
            .Select(address => UnderlayMirror.OutputLinkTo(address, mirror4));
        return defaults.Concat(peers)
            .Distinct()
            .Select(links.GetValueOrDefault)
            .Where(link => link?.Ipv4 is { } settings && Math.Max(settings.RpFilter, state.RpFilterAll) == Strict)
            .Select(link => Write("ipv4", link!, "rp_filter", Loose));
    }

    private static IEnumerable<KernelChange> OurLinks(KernelState state, NodePlan plan)
    {
        var links = plan.Links.Select(link => link.Name).Append(plan.WireGuard.Interface).ToHashSet(StringComparer.Ordinal);
        return state.Links.Where(link => links.Contains(link.Name)).SelectMany(OurLink);
    }

    private static IEnumerable<KernelChange> OurLink(LinkInfo link)
    {
        (string Family, string Setting, int? Seen, int Wanted)[] settings =
        [
            ("ipv4", "rp_filter", link.Ipv4?.RpFilter, OwnLink4.RpFilter),
            ("ipv4", "accept_redirects", link.Ipv4?.AcceptRedirects, OwnLink4.AcceptRedirects),
            ("ipv6", "accept_ra", link.Ipv6?.AcceptRa, 0),
            ("ipv6", "accept_redirects", link.Ipv6?.AcceptRedirects, 0),
        ];
        return settings
            .Where(setting => setting.Seen is { } seen && seen != setting.Wanted)
            .Select(setting => Write(setting.Family, link, setting.Setting, setting.Wanted, isOwnLink: true));
    }

    private static WriteSysctl Write(string family, LinkInfo link, string setting, int value, bool isOwnLink = false) =>
        new(SysctlFile.InterfaceKey(family, link.Name, setting), value.ToString(CultureInfo.InvariantCulture), isOwnLink);
}
