using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>
/// The machine's own policy rules, as one with two uplinks has, lead the mesh's packets away: a table that is asked before main holds a
/// default route, and the routes of the mesh stand in main.
/// </summary>
internal sealed class PolicyRules : ICheck
{
    private const uint LocalTable = 255;

    public string Name => "policy-rule";

    public IEnumerable<Finding> Look(MachineFacts facts) =>
        ((AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]).SelectMany(family => Look(facts, family));

    private static IEnumerable<Finding> Look(MachineFacts facts, AddressFamily family)
    {
        // wg-quick's "main without its default routes" comes first and finds the mesh; what stands behind main's is asked too late to harm.
        var before = facts.Rules.Where(rule => rule.Family == family).TakeWhile(rule => !LooksIntoMain(rule));
        foreach (var rule in before.Where(rule => IsOthers(rule, facts) && LeadsAway(rule, facts)))
        {
            if (rule.Source is not { } source)
                yield return TakesAll(rule);
            else if (BehindUs(facts, source) is { } prefix)
                yield return TakesOurs(rule, prefix);
        }
    }

    private static bool LooksIntoMain(RuleInfo rule) => rule is
    {
        Table: RouteInfo.MainTable, Action: RuleAction.Lookup, MarkMask: 0, Source: null, Destination: null, InputLink: null, OutputLink: null,
    };

    // What has a mark of its own was marked on purpose.
    private static bool IsOthers(RuleInfo rule, MachineFacts facts) =>
        rule.Protocol != facts.Node.Settings.RouteProtocol
        && rule is { Action: RuleAction.Lookup, MarkMask: 0, HasMore: false, Destination: null, OutputLink: null, InputLink: null }
        && rule.Table != LocalTable;

    private static bool LeadsAway(RuleInfo rule, MachineFacts facts) => facts.Routes.Any(route =>
        route.Table == rule.Table && route.IsIPv6 == (rule.Family == AddressFamily.InterNetworkV6)
        && facts.Node.Pools.Any(pool => Prefixes.Overlap(route.Destination, pool.Pool)));

    private static IPNetwork? BehindUs(MachineFacts facts, IPNetwork source)
    {
        var own = facts.Node.Settings.Announce.Select(announcement => announcement.Prefix).Concat(facts.Node.Pools.Select(pool => pool.Pool)).Where(prefix => Prefixes.Overlap(prefix, source)).ToList();
        return own.Count == 0 ? null : own[0];
    }

    private static Finding TakesAll(RuleInfo rule) => new()
    {
        Kind = FindingKinds.PolicyRule,
        Severity = Severity.Fault,
        Problem = $"The rule {rule} comes before the main table, for every packet, and table {rule.Table} has a route that covers the mesh.",
        Breaks = "The mesh's routes are in main: packets for the mesh leave by that table's route instead.",
        Mend = Before(rule, "not fwmark 0x6d/0xff"),
    };

    private static Finding TakesOurs(RuleInfo rule, IPNetwork prefix) => new()
    {
        Kind = FindingKinds.PolicyRule,
        Severity = Severity.Fault,
        Problem = $"The rule {rule} sends packets from {rule.Source}, and so from {prefix}, to table {rule.Table}, which has a route that covers the mesh.",
        Breaks = $"Packets from {prefix} for the mesh leave by that route, in clear text, instead of through the mesh.",
        Mend = Before(rule, $"from {prefix}"),
    };

    // The kernel puts a rule behind those of its own preference.
    private static string Before(RuleInfo rule, string selector)
    {
        var ip = rule.Family == AddressFamily.InterNetworkV6 ? "ip -6" : "ip";
        return rule.Priority == 0
            ? $"Move it to a preference above 0, and before it look up main without its default routes: `{ip} rule add pref 0 {selector} lookup main suppress_prefixlength 0`."
            : $"Before it, look up main without its default routes: `{ip} rule add pref {rule.Priority - 1} {selector} lookup main suppress_prefixlength 0`.";
    }
}
