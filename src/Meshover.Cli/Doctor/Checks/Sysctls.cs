using Meshover.Agent.Reconciling.Kernel;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>This machine does not forward, although the agent has it forward; or nobody here can change that.</summary>
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
        if (missing.Count == 0 || (!facts.AreSysctlsReadOnly && !facts.Node.IsUp))
            yield break;
        var off = $"{string.Join(" and ", missing.Select(one => one.Key))} {(missing.Count == 1 ? "is" : "are")} off";
        yield return new Finding
        {
            Kind = facts.AreSysctlsReadOnly ? FindingKinds.SysctlReadOnly : FindingKinds.ForwardingOff,
            Severity = Severity.Fault,
            Problem = facts.AreSysctlsReadOnly ? $"{off}, and /proc/sys is read-only." : $"{off}.",
            Breaks = "The machine itself is reached; nothing is forwarded to what is behind it, nor from one link to another.",
            Mend = facts.AreSysctlsReadOnly
                ? $"{ReadOnlySysctls.Advice(missing)}."
                : $"{string.Join(", ", missing.Select(one => $"`sysctl -w {one.Key}={one.Value}`"))}; the agent does so when it notices, so look for the program that keeps turning it off.",
        };
    }
}
