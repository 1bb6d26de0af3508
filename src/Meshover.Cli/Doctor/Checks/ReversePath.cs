using Meshover.Linux.Netlink;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>A strict rp_filter where packets of the mesh arrive; the larger of "all" and the interface's own counts.</summary>
internal sealed class ReversePath : ICheck
{
    private const int Strict = 1;

    public string Name => "rp-filter";

    // Before `up` it is as it may be: the agent makes it loose where it must.
    public IEnumerable<Finding> Look(MachineFacts facts) => facts.Node.IsUp
        ? facts.Links.Where(link => IsStrict(facts, link) && (OwnDevices.IsOurs(link) || CarriesUnderlay(facts, link))).Select(Of)
        : [];

    private static bool IsStrict(MachineFacts facts, LinkInfo link) =>
        link.Ipv4 is { } settings && Math.Max(settings.RpFilter, facts.ReversePathFilterAll) == Strict;

    private static bool CarriesUnderlay(MachineFacts facts, LinkInfo link) =>
        facts.DefaultRoutes.Where(route => !route.IsIPv6).SelectMany(MachineFacts.LinksOf).Contains(link.Index);

    private static Finding Of(LinkInfo link) => new()
    {
        Kind = FindingKinds.RpFilterStrict,
        Severity = Severity.Fault,
        Problem = $"rp_filter is strict (1) on {link.Name}.",
        Breaks = "The kernel drops packets whose answers would leave by another interface: those of a peer whose address a learned prefix covers, and those that arrive through a third node.",
        Mend = $"`sysctl -w net.ipv4.conf.{link.Name}.rp_filter=2`; the agent does so when it notices, so look for the program that keeps setting it back.",
    };
}
