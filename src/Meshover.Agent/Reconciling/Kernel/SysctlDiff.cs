using System.Globalization;
using System.Net;
using Meshover.Agent.Announcing.Kernel;
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

    private const int AcceptRaUnlessForwarding = 1;

    /// <summary>Accept router advertisements even while forwarding.</summary>
    private const int AcceptRaAlways = 2;

    /// <summary>Of our links. Packets may come by another link than answers take, and nobody there tells us routes.</summary>
    internal static readonly LinkIpv4Change OwnLink4 = new(RpFilter: Loose, AcceptRedirects: 0);

    internal static IEnumerable<KernelChange> Compute(KernelState state, SystemPlan plan, KernelNames names, IReadOnlyList<RouteInfo> mirror)
    {
        var byIndex = state.Links.ToDictionary(link => link.Index);
        return
        [
            .. plan.Kernel.Forwarding ? AcceptRa(state, names) : [],
            .. plan.Kernel.Forwarding ? Forwarding(state) : [],
            .. UnderlayRpFilter(state, plan, mirror, byIndex),
            .. OurLinks(state, plan),
            .. WorkloadSysctls.Compute(state, plan.Kernel),
            .. NeighbourTables.Compute(state.NeighbourLimits, plan.Links.Length, plan.Kernel.Workloads.Length * FoundPrefixes.Most),
        ];
    }

    // 0 stays: a network manager that reads the advertisements itself has set it, and forwarding takes nothing from what it makes of them.
    private static IEnumerable<KernelChange> AcceptRa(KernelState state, KernelNames names)
    {
        var advertised = state.MainRoutes
            .Where(route => route is { Protocol: RouteProtocols.RouterAdvertisement, IsIPv6: true, Destination.PrefixLength: 0 })
            .SelectMany(UnderlayMirror.LinksOf)
            .ToHashSet();
        return state.Links
            .Where(link => !names.IsOurs(link.Name) && !link.Flags.HasFlag(LinkFlags.Loopback))
            .Where(link => link.Ipv6 is { AcceptRa: AcceptRaUnlessForwarding } && (HearsWithoutUs(link, state) || advertised.Contains(link.Index)))
            .Select(link => Write("ipv6", link, "accept_ra", AcceptRaAlways));
    }

    // A link that comes after us has inherited the forwarding that we turned on; without us it would hear. One that forwarded before us is
    // a router's, and stays deaf.
    private static bool HearsWithoutUs(LinkInfo link, KernelState state) => link.Ipv6!.Forwarding == 0 || state.IsForwarding6Ours;

    private static IEnumerable<KernelChange> Forwarding(KernelState state)
    {
        if (state.Forwarding4 is not (null or "1"))
            yield return new WriteSysctl(Forwarding4, "1");
        if (state.Forwarding6 is not (null or "1"))
            yield return new WriteSysctl(Forwarding6, "1");
    }

    // Where strict holds now (the larger of "all" and the interface's own counts), on the interfaces of a default route or of a way to a peer.
    private static IEnumerable<KernelChange> UnderlayRpFilter(
        KernelState state, SystemPlan plan, IReadOnlyList<RouteInfo> mirror, Dictionary<int, LinkInfo> links)
    {
        if (!state.Links.Any(link => IsStrict(link, state)))
            return [];
        var routes = mirror.Concat(state.OtherRoutes).Where(route => !route.IsIPv6).ToList();
        var defaults = routes.Where(route => route.Destination.PrefixLength == 0).SelectMany(UnderlayMirror.LinksOf);
        var mirror4 = UnderlayMirror.LookUp(routes);
        var peers = plan.WireGuard.Peers
            .SelectMany(peer => peer.Endpoints)
            .Select(endpoint => endpoint.EndPoint.Address)
            .Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            .Distinct()
            .Select(address => mirror4.TryFind(address, out _, out var route) ? UnderlayMirror.LinksOf(route!).FirstOrDefault() : 0);
        return defaults.Concat(peers)
            .Distinct()
            .Select(links.GetValueOrDefault)
            .OfType<LinkInfo>()
            .Where(link => IsStrict(link, state))
            .Select(link => Write("ipv4", link, "rp_filter", Loose));
    }

    private static bool IsStrict(LinkInfo link, KernelState state) =>
        link.Ipv4 is { } settings && Math.Max(settings.RpFilter, state.RpFilterAll) == Strict;

    private static IEnumerable<KernelChange> OurLinks(KernelState state, SystemPlan plan)
    {
        var links = plan.Links.Select(link => link.Name).Append(plan.WireGuard.Interface).ToHashSet(StringComparer.Ordinal);
        return state.Links.Where(link => links.Contains(link.Name)).SelectMany(OurLink);
    }

    // IPv4's go by netlink, which needs no /proc/sys that can be written, as a container's often cannot; IPv6's have no other way.
    private static IEnumerable<KernelChange> OurLink(LinkInfo link)
    {
        if (link.Ipv4 is { } seen && (seen.RpFilter != OwnLink4.RpFilter || seen.AcceptRedirects != OwnLink4.AcceptRedirects))
            yield return new ChangeLink(link.Name, new LinkChange { Ipv4 = OwnLink4 });
        if (link.Ipv6 is { AcceptRa: not 0 })
            yield return Off(link, "accept_ra");
        if (link.Ipv6 is { AcceptRedirects: not 0 })
            yield return Off(link, "accept_redirects");
    }

    private static WriteSysctl Off(LinkInfo link, string setting) =>
        new(SysctlFile.InterfaceKey("ipv6", link.Name, setting), "0", IsOwnLink: true, IsMootWhileForwarding: true);

    private static WriteSysctl Write(string family, LinkInfo link, string setting, int value) =>
        new(SysctlFile.InterfaceKey(family, link.Name, setting), value.ToString(CultureInfo.InvariantCulture));
}
