using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>IPv6 is switched off.</summary>
internal sealed class Ipv6 : ICheck
{
    public string Name => "ipv6";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        if (facts.DisablesIpv6 is null)
            yield return NoIpv6();
        if (facts.DisablesIpv6 == true)
            yield return Disabled();
        foreach (var link in facts.Links.Where(link => facts.Node.IsUp && OwnDevices.IsOurs(link) && link.Ipv6 is { DisableIpv6: not 0 }))
            yield return DisabledOn(link.Name);
    }

    private static Finding NoIpv6() => new()
    {
        Kind = FindingKinds.Ipv6Off,
        Severity = Severity.Fault,
        Problem = "The kernel runs without IPv6 (ipv6.disable=1, or it is not built in).",
        Breaks = "BGP speaks over the links' IPv6 link-local addresses: no route is learned, not even for IPv4.",
        Mend = "Remove ipv6.disable=1 from the kernel's command line. To keep IPv6 off the underlay, net.ipv6.conf.all.disable_ipv6=1 is enough: the links are exempt.",
    };

    private static Finding Disabled() => new()
    {
        Kind = FindingKinds.Ipv6Off,
        Severity = Severity.Warning,
        Problem = "net.ipv6.conf.all.disable_ipv6 is 1.",
        Breaks = "The mesh works, as IPv6 is on for its own links; peers with only IPv6 are reached only through other nodes, and workloads here have no IPv6.",
        Mend = "If that is not intended: `sysctl -w net.ipv6.conf.all.disable_ipv6=0`, and the same in /etc/sysctl.d.",
    };

    private static Finding DisabledOn(string link) => new()
    {
        Kind = FindingKinds.Ipv6Off,
        Severity = Severity.Fault,
        Problem = $"IPv6 is disabled on {link}.",
        Breaks = "Without a link-local address there is no BGP over it.",
        Mend = $"`sysctl -w net.ipv6.conf.{link}.disable_ipv6=0`; the agent does so when it notices, so look for the program that keeps disabling it.",
    };
}
