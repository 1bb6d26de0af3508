using Meshover.Agent.Reconciling.Kernel;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Somebody else's rule stands where ours stand.</summary>
internal sealed class RulePreferences : ICheck
{
    public string Name => "rule-preference";

    public IEnumerable<Finding> Look(MachineFacts facts) => facts.Rules
        .Where(rule => rule.Priority is OwnRules.LookupPriority or OwnRules.ProhibitPriority && rule.Protocol != facts.Node.Settings.RouteProtocol)
        .Select(rule => new Finding
        {
            Severity = Severity.Warning,
            Problem = $"The rule {rule} of somebody else's has the preference of one of ours ({OwnRules.LookupPriority}, {OwnRules.ProhibitPriority}).",
            Breaks = "Which of the two is asked first depends on which was made last: WireGuard's packets may take another way after each start.",
            Mend = "Give it another preference (`ip rule add … pref N`, then `ip rule del pref` of the old one).",
        });
}
