using Meshover.Agent.Reconciling.Kernel;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Planning;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Somebody else's rule stands where ours stand.</summary>
internal sealed class RulePreferences : ICheck
{
    public string Name => "rule-preference";

    public IEnumerable<Finding> Look(MachineFacts facts) => facts.Rules
        .Where(rule => rule.Priority is KernelNames.LookupPriority or KernelNames.ProhibitPriority
            or (>= KernelNames.FirstGatherPriority and <= KernelNames.LastGatherPriority) && rule.Protocol != facts.Node.Settings.RouteProtocol)
        .Select(rule => new Finding
        {
            Kind = FindingKinds.RulePreference,
            Severity = Severity.Warning,
            Problem = $"The rule {rule} is not ours, but has the preference of one of ours ({KernelNames.FirstGatherPriority} to {KernelNames.LastGatherPriority}, {KernelNames.LookupPriority}, {KernelNames.ProhibitPriority}).",
            Breaks = "Which of the two is used first depends on which was added last: WireGuard's packets, or gathered ones, may take a different way after each start.",
            Mend = "Give it another preference (`ip rule add … pref N`, then `ip rule del` with the whole of the old one: `pref` alone might delete ours).",
        });
}
