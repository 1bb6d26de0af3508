using Meshover.Linux.Netlink;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>A machine that learned its default route by router advertisement forwards now, and so forgets that route.</summary>
internal sealed class RouterAdvertisements : ICheck
{
    /// <summary>Also while forwarding.</summary>
    private const int Always = 2;

    public string Name => "router-advertisement";

    public IEnumerable<Finding> Look(MachineFacts facts) => facts.ForwardsIpv6
        ? facts.DefaultRoutes
            .Where(route => route is { IsIPv6: true, Protocol: RouteProtocols.RouterAdvertisement })
            .SelectMany(MachineFacts.LinksOf)
            .Distinct()
            .Select(index => facts.Links.FirstOrDefault(link => link.Index == index))
            .OfType<LinkInfo>()
            .Where(link => link.Ipv6 is { AcceptRa: not Always })
            .Select(Of)
        : [];

    private static Finding Of(LinkInfo link) => new()
    {
        Severity = Severity.Fault,
        Problem = $"{link.Name} has its IPv6 default route from a router advertisement, this machine forwards IPv6, and accept_ra is {link.Ipv6!.AcceptRa} there.",
        Breaks = "No further advertisement is heard: the default route ends with its lifetime, and IPv6 of this machine with it.",
        Mend = $"`sysctl -w net.ipv6.conf.{link.Name}.accept_ra=2`, and in /etc/sysctl.d.",
    };
}
