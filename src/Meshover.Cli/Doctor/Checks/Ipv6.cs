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
        Severity = Severity.Fault,
        Problem = "The kernel runs without IPv6 (ipv6.disable=1, or it is not built in).",
        Breaks = "BGP speaks over the links' IPv6 link-local addresses: no route is learned, of IPv4 neither.",
        Mend = "Take ipv6.disable=1 off the kernel's command line. To keep IPv6 off the underlay, net.ipv6.conf.all.disable_ipv6=1 does: the links are excepted.",
    };

    private static Finding Disabled() => new()
    {
        Severity = Severity.Warning,
        Problem = "net.ipv6.conf.all.disable_ipv6 is 1.",
        Breaks = "The mesh works, as its own links are switched on; peers with IPv6 alone are reached by way of others only, and workloads here have no IPv6.",
        Mend = "`sysctl -w net.ipv6.conf.all.disable_ipv6=0`, and in /etc/sysctl.d, if that is not meant.",
    };

    private static Finding DisabledOn(string link) => new()
    {
        Severity = Severity.Fault,
        Problem = $"IPv6 is disabled on {link}.",
        Breaks = "Without a link-local address there is no BGP over it.",
        Mend = $"`sysctl -w net.ipv6.conf.{link}.disable_ipv6=0`; the agent does so when it notices, so look for the program that disables it again.",
    };
}
