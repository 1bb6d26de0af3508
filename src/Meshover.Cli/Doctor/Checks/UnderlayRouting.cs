using Meshover.Agent.Reconciling.Kernel;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Ways out of this machine that WireGuard's packets do not find, or that lead them back into the mesh.</summary>
internal sealed class UnderlayRouting : ICheck
{
    public string Name => "underlay-route";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        foreach (var problem in UnderlayLimits.OfRoutes(facts.Routes, peers: []))
            yield return Of(problem, "Add it as a plain route as well, with a larger metric if need be.");
        foreach (var problem in UnderlayLimits.OfRules(facts.Rules, facts.Node.Settings.RouteProtocol, facts.Node.Settings.FirewallMark))
            yield return Of(problem, "Do so with `ip rule add`, then `ip rule del` the old one.");
    }

    private static Finding Of(string problem, string mend) => new()
    {
        Kind = FindingKinds.UnderlayRoute,
        Severity = Severity.Warning,
        Problem = $"{problem}.",
        Breaks = "Peers that are reached through it are lost, or reached only through other nodes.",
        Mend = mend,
    };
}
