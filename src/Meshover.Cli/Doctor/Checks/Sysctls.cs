using Meshover.Agent.Reconciling.Kernel;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>This machine does not forward, and nobody here can change that.</summary>
internal sealed class Sysctls : ICheck
{
    public string Name => "sysctl";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        List<(string Key, string Value)> missing =
        [
            .. facts.ForwardsIpv4 ? [] : ((string, string)[])[("net.ipv4.conf.all.forwarding", "1")],
            .. facts.ForwardsIpv6 || facts.DisablesIpv6 is null ? [] : ((string, string)[])[("net.ipv6.conf.all.forwarding", "1")],
        ];
        if (!facts.AreSysctlsReadOnly || missing.Count == 0)
            yield break;
        yield return new Finding
        {
            Severity = Severity.Fault,
            Problem = $"{string.Join(" and ", missing.Select(one => one.Key))} {(missing.Count == 1 ? "is" : "are")} off, and /proc/sys is read-only.",
            Breaks = "The machine itself is reached; nothing is forwarded to what is behind it, nor from one link to another.",
            Mend = $"{ReadOnlySysctls.Advice(missing)}.",
        };
    }
}
