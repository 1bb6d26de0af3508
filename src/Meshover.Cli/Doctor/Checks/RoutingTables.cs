using Meshover.Linux.Netlink;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Somebody else uses the table that mirrors the underlay's routes.</summary>
internal sealed class RoutingTables : ICheck
{
    public string Name => "routing-table";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        var settings = facts.Node.Settings;
        var routes = facts.Routes.Where(r => r.Table == settings.UnderlayTable && r.Protocol != settings.RouteProtocol).ToList();
        if (routes is [var route, ..])
            yield return Of($"Table {settings.UnderlayTable} holds {Count(routes.Count)} that Meshover did not make, such as {route.Destination} on {facts.LinkName(route.OutputLink)}.", settings.UnderlayTable);
        foreach (var rule in facts.Rules.Where(r => r.Action == RuleAction.Lookup && r.Table == settings.UnderlayTable && r.Protocol != settings.RouteProtocol))
            yield return Of($"The rule {rule}, which is not Meshover's, looks up table {settings.UnderlayTable}.", settings.UnderlayTable);
    }

    private static string Count(int routes) => routes == 1 ? "a route" : $"{routes} routes";

    private static Finding Of(string problem, uint table) => new()
    {
        Kind = FindingKinds.RoutingTable,
        Severity = Severity.Fault,
        Problem = problem,
        Breaks = "The node keeps the underlay's own routes there, for WireGuard's packets: each side changes what the other relies on. (The agent removes what is not its own.)",
        Mend = $"Make the other program use a table other than {table} (7400 to 7999 are Meshover's).",
    };
}
