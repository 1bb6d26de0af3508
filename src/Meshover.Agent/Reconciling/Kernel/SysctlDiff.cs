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
        var mirror4 = UnderlayMirror.LookUp(mirror.Where(route => !route.IsIPv6));
        var peers = plan.WireGuard.Peers
            .SelectMany(peer => peer.Endpoints)
            .Select(endpoint => endpoint.EndPoint.Address)
            .Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            .Distinct()
            .Select(address => mirror4.TryFind(address, out _, out var route) ? UnderlayMirror.LinksOf(route!).FirstOrDefault() : 0);
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

    // By netlink what it can set: that works in a container whose /proc/sys cannot be written to, and is one message.
    private static IEnumerable<KernelChange> OurLink(LinkInfo link)
    {
        if (link.Ipv4 is { } seen && (seen.RpFilter != OwnLink4.RpFilter || seen.AcceptRedirects != OwnLink4.AcceptRedirects))
            yield return new ChangeLink(link.Name, new LinkChange { Ipv4 = OwnLink4 });
        if (link.Ipv6 is { AcceptRa: not 0 })
            yield return Write("ipv6", link, "accept_ra", 0, isOwnLink: true);
        if (link.Ipv6 is { AcceptRedirects: not 0 })
            yield return Write("ipv6", link, "accept_redirects", 0, isOwnLink: true);
    }

    private static WriteSysctl Write(string family, LinkInfo link, string setting, int value, bool isOwnLink = false) =>
        new(SysctlFile.InterfaceKey(family, link.Name, setting), value.ToString(CultureInfo.InvariantCulture), isOwnLink);
}
