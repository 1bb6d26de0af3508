using Meshover.Linux.Netlink;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>A machine that forwards hears no router advertisement by an interface of the underlay, as the kernel does without accept_ra=2.</summary>
internal sealed class RouterAdvertisements : ICheck
{
    /// <summary>Unless it forwards. 0: a network manager reads the advertisements itself.</summary>
    private const int UnlessForwarding = 1;

    public string Name => "router-advertisement";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        if (!facts.ForwardsIpv6)
            return [];
        var advertised = LinksOf(facts, route => route is { IsIPv6: true, Protocol: RouteProtocols.RouterAdvertisement });
        var others = LinksOf(facts, route => !route.IsIPv6);
        var hasIpv6 = facts.DefaultRoutes.Any(route => route.IsIPv6);
        return facts.Links
            .Where(link => !facts.IsOurs(link.Index) && link.Ipv6 is { AcceptRa: UnlessForwarding, DisableIpv6: 0 })
            .Where(link => advertised.Contains(link.Index) || (facts.Node.IsUp && !hasIpv6 && others.Contains(link.Index)))
            .Select(link => Of(link, advertised.Contains(link.Index)));
    }

    private static HashSet<int> LinksOf(MachineFacts facts, Func<RouteInfo, bool> ofRoute) =>
        [.. facts.DefaultRoutes.Where(ofRoute).SelectMany(MachineFacts.LinksOf)];

    private static Finding Of(LinkInfo link, bool isAdvertised) => new()
    {
        Kind = FindingKinds.RouterAdvertisement,
        Severity = isAdvertised ? Severity.Fault : Severity.Warning,
        Problem = isAdvertised
            ? $"{link.Name} has its IPv6 default route from a router advertisement, this machine forwards IPv6, and accept_ra is {link.Ipv6!.AcceptRa} there."
            : $"This machine forwards IPv6 and has no IPv6 default route, and accept_ra is {link.Ipv6!.AcceptRa} on {link.Name}.",
        Breaks = isAdvertised
            ? "Further advertisements are ignored: the default route expires with its lifetime, and this machine's IPv6 with it."
            : "Router advertisements are ignored there: even if a router sends them, this machine has no IPv6.",
        Mend = $"`sysctl -w net.ipv6.conf.{link.Name}.accept_ra=2`, and the same in /etc/sysctl.d.",
    };
}
